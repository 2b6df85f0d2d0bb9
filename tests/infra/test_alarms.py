"""Every failure metric has an alarm, and every alarm has a metric that the code counts."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from common.bus.booking import BookingOrdered
from infra.constructs.alarm_definitions import METRIC_ALARMS, MetricAlarm
from infra.topology import ROWS
from infra.topology_types import DelayedEvent, Subscription
from tests.infra.cloud_assembly import CloudAssembly, Resource

ROOT = Path(__file__).parents[2]
Metrics = set[tuple[str, str]]  # (service, metric)

# Metrics without alarms: they only count outcomes.
OUTCOMES = {
    "AccountsErased", "EmailsVerified", "CheckInsUndone", "BookingsCancelledWithEvent", "BookingsCancelled",
    "BookingsConfirmed", "BookingsConfirmedLate", "BookingsEnded", "CapacitiesChanged", "DeadLettersErased",
    "DraftsErased", "LatePaymentsRejected", "LoginsRejected", "EmailsSent", "PasswordsChanged", "PaymentsClosed",
    "PaymentsDeclined", "PaymentsReceived", "PaymentsReceivedLate", "PaymentsRefunded", "PaymentsStarted",
    "PlacesHeld", "ProviderEventsIgnored", "RefundsRequested", "SessionsOpened", "StaleCheckpoint",
    "SnapshotsBuilt", "TicketsCheckedIn", "TicketsIssued", "TicketsReissued", "TicketsRejected",
    "TicketsTransferred", "TicketsVoided", "UsersErased", "UsersRegistered",
    "EventsRepublished", "PaymentsCorrected",
}  # fmt: skip
FAILURE_SUFFIXES = ("Failed", "Forged", "GivenUp", "Lateness", "Mismatch", "Parked")  # of failures only


def counted_metrics() -> Metrics:
    """The metrics in the code of each service, and those of common in every service with consumers."""
    consumers = {row.service for row in ROWS if isinstance(row, Subscription)}
    service_metrics = {(path.parts[0], metric) for path, metric in _metrics(ROOT / "functions")}
    return service_metrics | {
        (one, metric) for _, metric in _metrics(ROOT / "layers/common/python/common") for one in consumers
    }


def _metrics(root: Path) -> Iterator[tuple[Path, str]]:
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("log.count", "log.seconds"):
                names = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)]
                assert names, f"{path}: {ast.unparse(node)} names no metric"
                yield from ((path.relative_to(root), str(name)) for name in names)


def faults(code: Metrics, watched: Mapping[str, tuple[MetricAlarm, ...]]) -> list[str]:
    table = {(service, one.metric) for service, ones in watched.items() for one in ones}
    problems = [f"{service}: nobody counts {metric}" for service, metric in table - code]
    problems += [f"{service}: {metric} has no alarm" for service, metric in code - table if _needs_alarm(metric)]
    problems += [f"{service}: {metric} is watched, and an outcome" for service, metric in table if metric in OUTCOMES]
    problems += [f"nobody counts {metric}" for metric in OUTCOMES - {metric for _, metric in code}]
    return sorted(problems)


def _needs_alarm(metric: str) -> bool:
    return metric not in OUTCOMES or metric.endswith(FAILURE_SUFFIXES)


def missing_alarms(cloud: CloudAssembly) -> list[str]:
    """Metrics of METRIC_ALARMS without an alarm on the stage, and alarms on other metrics."""
    services = {row.service for row in cloud.rows}
    expected = {
        (service, one.metric): one for service, ones in METRIC_ALARMS.items() for one in ones if service in services
    }
    alarms = {_metric_of(alarm): alarm for alarm in cloud.alarms(Namespace="Ticketing")}
    misconfigured = [name for name, one in expected.items() if name in alarms and not _matches(alarms[name], one)]
    return sorted(": ".join(name) for name in (expected.keys() ^ alarms.keys()) | set(misconfigured))


def _metric_of(alarm: Resource) -> tuple[str, str]:
    (dimension,) = alarm.properties["Dimensions"]
    assert dimension["Name"] == "service"
    return dimension["Value"], alarm.properties["MetricName"]


def _matches(alarm: Resource, one: MetricAlarm) -> bool:
    expected = {"Threshold": one.threshold, "Statistic": one.statistic, "Period": 60, "EvaluationPeriods": 1}
    expected |= {"ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching"}
    return expected.items() <= alarm.properties.items()


def test_alarm_definitions_match_the_counted_metrics() -> None:
    assert faults(counted_metrics(), METRIC_ALARMS) == []


def test_stage_has_exactly_the_defined_alarms(cloud: CloudAssembly) -> None:
    assert missing_alarms(cloud) == []


def test_services_ending_holds_alarm_on_hold_lateness() -> None:
    late = {service for service, ones in METRIC_ALARMS.items() if "HoldLateness" in {one.metric for one in ones}}

    assert late == {row.service for row in ROWS if isinstance(row, DelayedEvent) and BookingOrdered in row.events}


def test_undecided_metric_is_detected() -> None:
    code = counted_metrics()

    assert faults(code | {("payment", "ChargebacksReceived")}, METRIC_ALARMS) == [
        "payment: ChargebacksReceived has no alarm"
    ]
    assert faults(code | {("payment", "PayoutsFailed")}, METRIC_ALARMS) == ["payment: PayoutsFailed has no alarm"]


def test_removed_alarm_and_removed_metric_are_detected() -> None:
    code = counted_metrics()
    refunds = ("payment", "RefundsFailed")
    others = tuple(one for one in METRIC_ALARMS["payment"] if one.metric != "RefundsFailed")

    assert faults(code, {**METRIC_ALARMS, "payment": others}) == ["payment: RefundsFailed has no alarm"]
    assert faults(code - {refunds}, METRIC_ALARMS) == ["payment: nobody counts RefundsFailed"]
    assert faults(code - {("ticket", "TicketsIssued")}, METRIC_ALARMS) == ["nobody counts TicketsIssued"]


def test_missing_alarm_and_wrong_threshold_are_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    removed, weakened = (
        next(one for one in broken.alarms(Namespace="Ticketing") if one.properties["MetricName"] == metric)
        for metric in ("RecordsParked", "EmailsFailed")
    )
    broken.resources.remove(removed)
    weakened.properties["Threshold"] = 100

    assert missing_alarms(broken) == ["cdc: RecordsParked", "notify: EmailsFailed"]
