"""Every route of the topology reaches exactly its function, past the authorizer where it must."""

from infra.vocabulary import Authorizer, Route, Who
from tests.infra.cloud import Cloud, Resource

TOKEN = {Who.USER, Who.ORGANISER, Who.ADMIN}


def faults(cloud: Cloud) -> list[str]:
    wanted = {row.call: row for row in cloud.rows if isinstance(row, Route)}
    found = [route.props["RouteKey"] for route in cloud.of("ApiGatewayV2::Route")]
    strange = [f"{call} is no row" for call in found if call not in wanted]
    twice = [f"{call} is there twice" for call in set(found) if found.count(call) > 1]
    missing = [f"{call} is missing" for call in wanted if call not in found]
    wrong = [
        f"{route.props['RouteKey']}: {what}"
        for route in cloud.of("ApiGatewayV2::Route")
        if route.props["RouteKey"] in wanted
        for what in _wrong(cloud, route, wanted[route.props["RouteKey"]])
    ]
    return strange + twice + missing + wrong + _authorizer(cloud)


def _wrong(cloud: Cloud, route: Resource, row: Route) -> list[str]:
    integration = cloud.named(route.props["Target"].removeprefix("integrations/"))
    function = cloud.function(row.function)
    guard = [one.name for one in cloud.of("ApiGatewayV2::Authorizer")] if row.who in TOKEN else []
    checks = {
        "another function": integration.props["IntegrationUri"] == function.arn,
        "not a proxy of payload 2.0": integration.props["PayloadFormatVersion"] == "2.0"
        and integration.props["IntegrationType"] == "AWS_PROXY",
        "the authorizer": [route.props.get("AuthorizerId")] == guard if guard else "AuthorizerId" not in route.props,
        "the kind of authorization": route.props["AuthorizationType"] == ("CUSTOM" if guard else "NONE"),
        "who may invoke": _invokers(cloud, function) == [f"{_api(cloud)}/*/{_source(row)}"],
    }
    return [what for what, right in checks.items() if not right]


def _authorizer(cloud: Cloud) -> list[str]:
    (row,) = (row for row in cloud.rows if isinstance(row, Authorizer))
    (found,) = cloud.of("ApiGatewayV2::Authorizer")
    function = cloud.function(row.function)
    wanted = {
        "AuthorizerType": "REQUEST",
        "AuthorizerPayloadFormatVersion": "2.0",
        "EnableSimpleResponses": True,
        "IdentitySource": ["$request.header.Authorization"],
        "AuthorizerResultTtlInSeconds": 60,
        "AuthorizerUri": f"arn:aws:apigateway:region:lambda:path/2015-03-31/functions/{function.arn}/invocations",
    }
    wrong = [f"authorizer: {key}" for key, value in wanted.items() if found.props.get(key) != value]
    asked = _invokers(cloud, function) == [f"{_api(cloud)}/authorizers/{found.name}"]
    return wrong + ([] if asked else ["authorizer: who may invoke"])


def _api(cloud: Cloud) -> str:
    (api,) = cloud.of("ApiGatewayV2::Api")
    return f"arn:aws:execute-api:region:account:{api.name}"


def _source(row: Route) -> str:
    return "*" if row.call == "$default" else f"*{row.path}"


def _invokers(cloud: Cloud, function: Resource) -> list[str]:
    permissions = [one.props for one in cloud.of("Lambda::Permission") if one.props["FunctionName"] == function.arn]
    assert all(one["Principal"] == "apigateway.amazonaws.com" for one in permissions)
    return [one["SourceArn"] for one in permissions]


def test_every_route_reaches_exactly_its_function(cloud: Cloud) -> None:
    assert faults(cloud) == []


def test_a_dropped_a_swapped_an_open_and_an_added_route_are_seen(local: Cloud) -> None:
    dropped, swapped, opened, added = (local.copy() for _ in range(4))
    dropped.resources.remove(_route(dropped, "POST /v1/bookings"))
    _route(swapped, "POST /v1/bookings").props["Target"] = _route(swapped, "GET /v1/bookings").props["Target"]
    del _route(opened, "POST /v1/bookings").props["AuthorizerId"]
    _route(added, "POST /v1/bookings").props["RouteKey"] = "POST /v1/anything"

    assert faults(dropped) == ["POST /v1/bookings is missing"]
    assert faults(swapped) == ["POST /v1/bookings: another function"]
    assert faults(opened) == ["POST /v1/bookings: the authorizer"]
    assert faults(added) == ["POST /v1/anything is no row", "POST /v1/bookings is missing"]


def test_an_authorizer_that_trusts_its_word_longer_is_seen(local: Cloud) -> None:
    broken = local.copy()
    broken.of("ApiGatewayV2::Authorizer")[0].props["AuthorizerResultTtlInSeconds"] = 3600

    assert faults(broken) == ["authorizer: AuthorizerResultTtlInSeconds"]


def _route(cloud: Cloud, call: str) -> Resource:
    return next(one for one in cloud.of("ApiGatewayV2::Route") if one.props["RouteKey"] == call)
