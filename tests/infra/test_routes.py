"""Every route of the topology invokes exactly its function, behind the authorizer if its access requires it."""

from infra.constructs.routes import route_id
from infra.topology import ROWS
from infra.topology_types import Access, Authorizer, Route
from tests.infra.cloud_assembly import CloudAssembly, Resource

AUTHENTICATED = {Access.USER, Access.ORGANISER, Access.ADMIN}


def faults(cloud: CloudAssembly) -> list[str]:
    expected = {row.route_key: row for row in cloud.rows if isinstance(row, Route)}
    actual = [route.properties["RouteKey"] for route in cloud.by_type("ApiGatewayV2::Route")]
    unknown = [f"{call} is no row" for call in actual if call not in expected]
    duplicates = [f"{call} is there twice" for call in set(actual) if actual.count(call) > 1]
    missing = [f"{call} is missing" for call in expected if call not in actual]
    wrong = [
        f"{route.properties['RouteKey']}: {what}"
        for route in cloud.by_type("ApiGatewayV2::Route")
        if route.properties["RouteKey"] in expected
        for what in _route_faults(cloud, route, expected[route.properties["RouteKey"]])
    ]
    return unknown + duplicates + missing + wrong + _authorizer_faults(cloud)


def _route_faults(cloud: CloudAssembly, route: Resource, row: Route) -> list[str]:
    integration = cloud.resolve(route.properties["Target"].removeprefix("integrations/"))
    function = cloud.function(row.function)
    guard = [one.name for one in cloud.by_type("ApiGatewayV2::Authorizer")] if row.access in AUTHENTICATED else []
    checks = {
        "another function": integration.properties["IntegrationUri"] == function.arn,
        "not a proxy of payload 2.0": integration.properties["PayloadFormatVersion"] == "2.0"
        and integration.properties["IntegrationType"] == "AWS_PROXY",
        "the authorizer": [route.properties.get("AuthorizerId")] == guard
        if guard
        else "AuthorizerId" not in route.properties,
        "the kind of authorization": route.properties["AuthorizationType"] == ("CUSTOM" if guard else "NONE"),
        "who may invoke": _invokers(cloud, function) == [f"{_api(cloud)}/*/{_source(row)}"],
    }
    return [what for what, right in checks.items() if not right]


def _authorizer_faults(cloud: CloudAssembly) -> list[str]:
    (row,) = (row for row in cloud.rows if isinstance(row, Authorizer))
    (authorizer,) = cloud.by_type("ApiGatewayV2::Authorizer")
    function = cloud.function(row.function)
    expected = {
        "AuthorizerType": "REQUEST",
        "AuthorizerPayloadFormatVersion": "2.0",
        "EnableSimpleResponses": True,
        "IdentitySource": ["$request.header.Authorization"],
        "AuthorizerResultTtlInSeconds": 60,
        "AuthorizerUri": f"arn:aws:apigateway:region:lambda:path/2015-03-31/functions/{function.arn}/invocations",
    }
    wrong = [f"authorizer: {key}" for key, value in expected.items() if authorizer.properties.get(key) != value]
    may_invoke = _invokers(cloud, function) == [f"{_api(cloud)}/authorizers/{authorizer.name}"]
    return wrong + ([] if may_invoke else ["authorizer: who may invoke"])


def _api(cloud: CloudAssembly) -> str:
    (api,) = cloud.by_type("ApiGatewayV2::Api")
    return f"arn:aws:execute-api:region:account:{api.name}"


def _source(row: Route) -> str:
    return "*" if row.route_key == "$default" else f"*{row.path}"


def _invokers(cloud: CloudAssembly, function: Resource) -> list[str]:
    permissions = [
        one.properties for one in cloud.by_type("Lambda::Permission") if one.properties["FunctionName"] == function.arn
    ]
    assert all(one["Principal"] == "apigateway.amazonaws.com" for one in permissions)
    return [one["SourceArn"] for one in permissions]


def test_every_route_reaches_its_function(cloud: CloudAssembly) -> None:
    assert faults(cloud) == []


def test_dropped_swapped_open_and_added_routes_are_detected(local: CloudAssembly) -> None:
    dropped, swapped, opened, added = (local.copy() for _ in range(4))
    dropped.resources.remove(_route(dropped, "POST /v1/bookings"))
    _route(swapped, "POST /v1/bookings").properties["Target"] = _route(swapped, "GET /v1/bookings").properties["Target"]
    del _route(opened, "POST /v1/bookings").properties["AuthorizerId"]
    _route(added, "POST /v1/bookings").properties["RouteKey"] = "POST /v1/anything"

    assert faults(dropped) == ["POST /v1/bookings is missing"]
    assert faults(swapped) == ["POST /v1/bookings: another function"]
    assert faults(opened) == ["POST /v1/bookings: the authorizer"]
    assert faults(added) == ["POST /v1/anything is no row", "POST /v1/bookings is missing"]


def test_longer_authorizer_cache_is_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    broken.by_type("ApiGatewayV2::Authorizer")[0].properties["AuthorizerResultTtlInSeconds"] = 3600

    assert faults(broken) == ["authorizer: AuthorizerResultTtlInSeconds"]


def _route(cloud: CloudAssembly, call: str) -> Resource:
    return next(one for one in cloud.by_type("ApiGatewayV2::Route") if one.properties["RouteKey"] == call)


def test_route_and_integration_are_named_after_the_route_key(local: CloudAssembly) -> None:
    for route in local.by_type("ApiGatewayV2::Route"):
        integration = local.resolve(route.properties["Target"].removeprefix("integrations/"))

        assert route.name.split(".")[1].startswith(route_id(route.properties["RouteKey"]))
        assert integration.name.split(".")[1].startswith(route_id(route.properties["RouteKey"]))


def test_route_ids_are_unique() -> None:
    keys = [row.route_key for row in ROWS if isinstance(row, Route)]

    assert len({route_id(key) for key in keys}) == len(keys)
