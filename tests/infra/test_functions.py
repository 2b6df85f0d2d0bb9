"""Every function: its environment is its grants, its limits and its code are its row's."""

import sys

import pytest

from infra.vocabulary import (
    Authorizer,
    Bucket,
    Call,
    Grant,
    Key,
    Mail,
    On,
    Route,
    Secret,
    Setting,
    Table,
    Trigger,
    publishes,
)
from tests.infra.cloud import Cloud, Resource

HTTP_API_WAITS, AUTHORIZER_WAITS = 30, 10  # seconds, AWS's own
STALLED = 5  # seconds that the SDK waits for an answer, as common.env tells it


def faults(cloud: Cloud) -> list[str]:
    handlers = [one.props["Handler"] for one in cloud.of("Lambda::Function")]
    wanted = [f"{row.function}.handler" for row in cloud.rows]
    found = [] if sorted(handlers) == sorted(wanted) else ["the functions are not the rows"]
    for row in cloud.rows:
        function = cloud.function(row.function)
        found += [f"{row.function}: {name}" for name in _environment(cloud, row, function)]
        found += [f"{row.function}: {what}" for what in _limits(cloud, row, function)]
    return found


def _environment(cloud: Cloud, row: Trigger, function: Resource) -> list[str]:
    found, wanted = function.props["Environment"]["Variables"], told(cloud, row)
    return sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))


def told(cloud: Cloud, row: Trigger) -> dict[str, str]:
    """The environment that the row's grants make."""
    wanted = {
        "SERVICE": row.service,
        "FUNCTION": row.function,
        "STAGE": cloud.stage,
        "LOG_LEVEL": "INFO",
        "POWERTOOLS_SERVICE_NAME": row.service,
        "POWERTOOLS_METRICS_NAMESPACE": "Ticketing",
    }
    for grant in row.may:
        wanted |= {grant.env: _setting(cloud, grant)} if isinstance(grant, Setting) else _name(cloud, grant)
    for called in row.calls:
        wanted[f"FUNCTION_{called.upper().replace('.', '_')}"] = cloud.function(called).name
    if isinstance(row, Route):
        wanted |= {"WHO": row.who.value, "ROUTE": row.call}
    if isinstance(row, On):
        wanted |= {"MAX_RECEIVES": "7"}
        wanted |= {"QUEUE_URL": cloud.mappings(cloud.function(row.function))[0].props["EventSourceArn"].split(":")[0]}
    if isinstance(row, On) and row.sweeps:
        wanted |= {"DEAD_LETTERS": ",".join(_dead(cloud, one) for one in row.sweeps)}
    if publishes(row):
        wanted |= {"BUS_NAME": cloud.outputs["BusName"]}
    return wanted


def _dead(cloud: Cloud, function: str) -> str:
    queue = cloud.mappings(cloud.function(function))[0].props["EventSourceArn"].split(":")[0]
    return str(cloud.named(queue).props["RedrivePolicy"]["deadLetterTargetArn"]).split(":")[0]


def _name(cloud: Cloud, grant: Grant) -> dict[str, str]:
    match grant.resource:
        case Table(name=name):
            return {f"TABLE_{name.upper()}": cloud.table(name).name}
        case Bucket(name=name):
            return {f"BUCKET_{name.upper()}": cloud.bucket(name).name}
        case Secret(name=name):
            return {f"SECRET_{name.upper().replace('-', '_')}": f"ticketing/{cloud.stage}/{name}"}
        case Key(name=name):
            return {f"KEYS_{name.upper()}": ",".join(key.name for key in cloud.of("KMS::Key"))}
        case Mail():
            return {"SENDER": cloud.outputs["Sender"]}


def _setting(cloud: Cloud, setting: Setting) -> str:
    url, local = str(cloud.outputs["ApiUrl"]), cloud.stage == "local"
    return {
        "TOKEN_ISSUER": url,
        "PUBLIC_URL": url,
        "PROVIDER_API": f"{url}/sandbox" if local else "https://api.stripe.com",
        "SHORT_HOLDS": "1" if local else "0",
        "HOLD_BACKSTOP_SECONDS": "240",
        "PROVIDER_FAULTS": "1" if local else "0",
    }[setting.env]


def _limits(cloud: Cloud, row: Trigger, function: Resource) -> list[str]:
    logs = cloud.named(function.props["LoggingConfig"]["LogGroup"])
    groups = [one.props["LoggingConfig"]["LogGroup"] for one in cloud.of("Lambda::Function")]
    checks = {
        "memory": function.props["MemorySize"] == row.memory,
        "seconds": function.props["Timeout"] == row.seconds < _caller_waits(cloud, row),
        "a second try": row.seconds > STALLED + 1,
        "tracing": function.props["TracingConfig"] == {"Mode": "Active"},
        "runtime": function.props["Runtime"] == f"python3.{sys.version_info.minor}",
        "processor": function.props["Architectures"] == (["x86_64"] if cloud.stage == "local" else ["arm64"]),
        "log group": logs.props["RetentionInDays"] == 30 and groups.count(logs.name) == 1,
        "concurrency": "ReservedConcurrentExecutions" not in function.props,
        "code": _shipped(cloud, function) == {row.service},
    }
    return [what for what, right in checks.items() if not right]


def _caller_waits(cloud: Cloud, row: Trigger) -> float:
    if isinstance(row, Route):
        return HTTP_API_WAITS
    if isinstance(row, Authorizer):
        return AUTHORIZER_WAITS
    if isinstance(row, Call):
        return min((one.seconds for one in cloud.rows if row.function in one.calls), default=900)
    return 900


def _shipped(cloud: Cloud, function: Resource) -> set[str]:
    asset = cloud.folder / f"asset.{function.props['Code']['S3Key'].removesuffix('.zip')}"
    if any(asset.rglob("__pycache__")):
        return {"byte code"}
    return {path.name for path in asset.iterdir()}


def test_every_function_is_told_and_given_what_its_row_says(cloud: Cloud) -> None:
    assert faults(cloud) == []


def test_a_name_without_a_grant_and_a_grant_without_its_name_are_seen(local: Cloud) -> None:
    broken = local.copy()
    variables = broken.function("booking.get_booking").props["Environment"]["Variables"]
    variables["TABLE_PAYMENTS"] = variables.pop("TABLE_BOOKINGS")

    assert faults(broken) == ["booking.get_booking: TABLE_BOOKINGS", "booking.get_booking: TABLE_PAYMENTS"]


def test_a_function_that_outlives_its_caller_is_seen(local: Cloud) -> None:
    broken = local.copy()
    for row, seconds in (("auth.authorize", 10), ("ticket.render_tickets", 30)):
        broken.function(row).props["Timeout"] = seconds

    assert faults(broken) == ["auth.authorize: seconds", "ticket.render_tickets: seconds"]


def test_a_function_that_a_single_stalled_call_ends_is_seen(local: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "STALLED", 8)

    assert faults(local) == ["auth.authorize: a second try"]


def test_another_function_with_logs_in_a_foreign_group_is_seen(local: Cloud) -> None:
    broken = local.copy()
    foreign = broken.function("auth.login").props["LoggingConfig"]
    broken.function("auth.logout").props["LoggingConfig"] = foreign

    assert faults(broken) == ["auth.login: log group", "auth.logout: log group"]
