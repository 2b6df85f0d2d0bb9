"""The environment, limits and code of every function match its row."""

import sys

import pytest

from infra.resource_types import Bucket, Grant, Key, Mail, Secret, Setting, Table
from infra.topology_types import Authorizer, FunctionSpec, Invocable, Route, Subscription, puts_events
from tests.infra.cloud_assembly import CloudAssembly, Resource

HTTP_API_TIMEOUT, AUTHORIZER_TIMEOUT = 30, 10  # seconds; AWS limits
SDK_READ_TIMEOUT = 5  # seconds; of common.env


def faults(cloud: CloudAssembly) -> list[str]:
    handlers = [one.properties["Handler"] for one in cloud.by_type("Lambda::Function")]
    expected = [f"{row.module}.handler" for row in cloud.rows]
    problems = [] if sorted(handlers) == sorted(expected) else ["the functions are not the rows"]
    for row in cloud.rows:
        function = cloud.function(row.function)
        problems += [f"{row.function}: {name}" for name in _environment(cloud, row, function)]
        problems += [f"{row.function}: {what}" for what in _limits(cloud, row, function)]
    return problems


def _environment(cloud: CloudAssembly, row: FunctionSpec, function: Resource) -> list[str]:
    actual, expected = function.properties["Environment"]["Variables"], expected_environment(cloud, row)
    return sorted(name for name in actual.keys() | expected.keys() if actual.get(name) != expected.get(name))


def expected_environment(cloud: CloudAssembly, row: FunctionSpec) -> dict[str, str]:
    """The environment that derives from the row's grants."""
    expected = {
        "SERVICE": row.service,
        "FUNCTION": row.function,
        "STAGE": cloud.stage,
        "LOG_LEVEL": "INFO",
        "POWERTOOLS_SERVICE_NAME": row.service,
        "POWERTOOLS_METRICS_NAMESPACE": "Ticketing",
    }
    for grant in row.grants:
        expected |= {grant.env: _setting(cloud, grant)} if isinstance(grant, Setting) else _grant_variable(cloud, grant)
    for called in row.invokes:
        expected[f"FUNCTION_{called.upper().replace('.', '_')}"] = cloud.function(called).name
    if isinstance(row, Route):
        expected |= {"ACCESS": row.access.value, "ROUTE": row.route_key}
    if isinstance(row, Subscription):
        expected |= {"MAX_RECEIVES": "7"}
        expected |= {
            "QUEUE_URL": cloud.mappings(cloud.function(row.function))[0].properties["EventSourceArn"].split(":")[0]
        }
    if isinstance(row, Subscription) and row.purges_dlq_of:
        expected |= {"DEAD_LETTERS": ",".join(_dead_letter_queue(cloud, one) for one in row.purges_dlq_of)}
    if puts_events(row):
        expected |= {"BUS_NAME": cloud.outputs["BusName"]}
    return expected


def _dead_letter_queue(cloud: CloudAssembly, function: str) -> str:
    queue = cloud.mappings(cloud.function(function))[0].properties["EventSourceArn"].split(":")[0]
    return str(cloud.resolve(queue).properties["RedrivePolicy"]["deadLetterTargetArn"]).split(":")[0]


def _grant_variable(cloud: CloudAssembly, grant: Grant) -> dict[str, str]:
    match grant.resource:
        case Table(name=name):
            return {f"TABLE_{name.upper()}": cloud.table(name).name}
        case Bucket(name=name):
            return {f"BUCKET_{name.upper()}": cloud.bucket(name).name}
        case Secret(name=name):
            return {f"SECRET_{name.upper().replace('-', '_')}": f"ticketing/{cloud.stage}/{name}"}
        case Key(name=name):
            return {f"KEYS_{name.upper()}": ",".join(key.name for key in cloud.by_type("KMS::Key"))}
        case Mail():
            return {"SENDER": cloud.outputs["Sender"]}


def _setting(cloud: CloudAssembly, setting: Setting) -> str:
    url, local = str(cloud.outputs["ApiUrl"]), cloud.stage == "local"
    return {
        "TOKEN_ISSUER": url,
        "PUBLIC_URL": url,
        "PROVIDER_API": f"{url}/sandbox" if local else "https://api.stripe.com",
        "SHORT_HOLDS": "1" if local else "0",
        "HOLD_BACKSTOP_SECONDS": "240",
        "PROVIDER_FAULTS": "1" if local else "0",
    }[setting.env]


def _limits(cloud: CloudAssembly, row: FunctionSpec, function: Resource) -> list[str]:
    logs = cloud.resolve(function.properties["LoggingConfig"]["LogGroup"])
    groups = [one.properties["LoggingConfig"]["LogGroup"] for one in cloud.by_type("Lambda::Function")]
    checks = {
        "memory": function.properties["MemorySize"] == row.memory,
        "seconds": function.properties["Timeout"] == row.timeout < _caller_timeout(cloud, row),
        "a second try": row.timeout > SDK_READ_TIMEOUT + 1,
        "tracing": function.properties["TracingConfig"] == {"Mode": "Active"},
        "runtime": function.properties["Runtime"] == f"python3.{sys.version_info.minor}",
        "processor": function.properties["Architectures"] == (["x86_64"] if cloud.stage == "local" else ["arm64"]),
        "log group": logs.properties["RetentionInDays"] == 30 and groups.count(logs.name) == 1,
        "concurrency": "ReservedConcurrentExecutions" not in function.properties,
        "code": _packaged_services(cloud, function) == {row.service},
    }
    return [what for what, right in checks.items() if not right]


def _caller_timeout(cloud: CloudAssembly, row: FunctionSpec) -> float:
    if isinstance(row, Route):
        return HTTP_API_TIMEOUT
    if isinstance(row, Authorizer):
        return AUTHORIZER_TIMEOUT
    if isinstance(row, Invocable):
        return min((one.timeout for one in cloud.rows if row.function in one.invokes), default=900)
    return 900


def _packaged_services(cloud: CloudAssembly, function: Resource) -> set[str]:
    asset = cloud.folder / f"asset.{function.properties['Code']['S3Key'].removesuffix('.zip')}"
    if any(asset.rglob("__pycache__")):
        return {"byte code"}
    return {path.name for path in asset.iterdir()}


def test_functions_match_environment_and_limits_of_rows(cloud: CloudAssembly) -> None:
    assert faults(cloud) == []


def test_environment_that_differs_from_grants_is_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    variables = broken.function("booking.get_booking").properties["Environment"]["Variables"]
    variables["TABLE_PAYMENTS"] = variables.pop("TABLE_BOOKINGS")

    assert faults(broken) == ["booking.get_booking: TABLE_BOOKINGS", "booking.get_booking: TABLE_PAYMENTS"]


def test_timeout_longer_than_the_callers_is_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    for row, seconds in (("auth.authorize", 10), ("ticket.render_tickets", 30)):
        broken.function(row).properties["Timeout"] = seconds

    assert faults(broken) == ["auth.authorize: seconds", "ticket.render_tickets: seconds"]


def test_timeout_too_short_for_a_retry_is_detected(local: CloudAssembly, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "SDK_READ_TIMEOUT", 8)

    assert faults(local) == ["auth.authorize: a second try"]


def test_shared_log_group_is_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    foreign = broken.function("auth.login").properties["LoggingConfig"]
    broken.function("auth.logout").properties["LoggingConfig"] = foreign

    assert faults(broken) == ["auth.login: log group", "auth.logout: log group"]
