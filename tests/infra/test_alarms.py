"""Every metric that calls for people has its alarm, and every alarm has a metric that somebody counts."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from common.bus.booking import BookingOrdered
from infra.constructs.alarms_table import WATCHED, Watched
from infra.topology import ROWS
from infra.vocabulary import On, Timer
from tests.infra.cloud import Cloud, Resource

ROOT = Path(__file__).parents[2]
Found = set[tuple[str, str]]  # (service, metric)

# What is counted for the sake of the figure, and nobody is called for.
OUTCOMES = {
    "AccountsErased", "AddressesVerified", "AdmissionsUndone", "BookingsCalledOff", "BookingsCancelled",
    "BookingsConfirmed", "BookingsConfirmedLate", "BookingsEnded", "CapacitiesChanged", "DeadLettersErased",
    "DraftsErased", "LatePaymentsRefused", "LoginsRefused", "MailsSent", "PasswordsChanged", "PaymentsClosed",
    "PaymentsDeclined", "PaymentsReceived", "PaymentsReceivedLate", "PaymentsRefunded", "PaymentsStarted",
    "PlacesHeld", "ProviderEventsIgnored", "RefundsRequested", "SessionsOpened", "SlicesOvertaken",
    "SnapshotsBuilt", "TicketsAdmitted", "TicketsIssued", "TicketsReissued", "TicketsRejected",
    "TicketsTransferred", "TicketsVoided", "UsersErased", "UsersRegistered",
    "BusEventsToldAgain", "PaymentsCorrected",
}  # fmt: skip
TROUBLE = ("Failed", "Forged", "GivenUp", "Lateness", "Mismatch", "Parked")  # no outcome is named so


def counted() -> Found:
    """What the code counts: each service its own, and what common counts in every service that hears the bus."""
    consumers = {row.service for row in ROWS if isinstance(row, On)}
    own = {(path.parts[0], metric) for path, metric in _metrics(ROOT / "functions")}
    return own | {(one, metric) for _, metric in _metrics(ROOT / "layers/common/python/common") for one in consumers}


def _metrics(root: Path) -> Iterator[tuple[Path, str]]:
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("log.count", "log.seconds"):
                names = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)]
                assert names, f"{path}: {ast.unparse(node)} names no metric"
                yield from ((path.relative_to(root), str(name)) for name in names)


def faults(code: Found, watched: Mapping[str, tuple[Watched, ...]]) -> list[str]:
    table = {(service, one.metric) for service, ones in watched.items() for one in ones}
    found = [f"{service}: nobody counts {metric}" for service, metric in table - code]
    found += [f"{service}: {metric} has no alarm" for service, metric in code - table if _needed(metric)]
    found += [f"{service}: {metric} is watched, and an outcome" for service, metric in table if metric in OUTCOMES]
    found += [f"nobody counts {metric}" for metric in OUTCOMES - {metric for _, metric in code}]
    return sorted(found)


def _needed(metric: str) -> bool:
    return metric not in OUTCOMES or metric.endswith(TROUBLE)


def missing(cloud: Cloud) -> list[str]:
    """Metrics of the table that no alarm of the stage watches, and alarms on metrics that it does not know."""
    services = {row.service for row in cloud.rows}
    wanted = {(service, one.metric): one for service, ones in WATCHED.items() for one in ones if service in services}
    alarms = {_watches(alarm): alarm for alarm in cloud.alarms(Namespace="Ticketing")}
    wrong = [name for name, one in wanted.items() if name in alarms and not _fits(alarms[name], one)]
    return sorted(": ".join(name) for name in (wanted.keys() ^ alarms.keys()) | set(wrong))


def _watches(alarm: Resource) -> tuple[str, str]:
    (dimension,) = alarm.props["Dimensions"]
    assert dimension["Name"] == "service"
    return dimension["Value"], alarm.props["MetricName"]


def _fits(alarm: Resource, one: Watched) -> bool:
    wanted = {"Threshold": one.at_least, "Statistic": one.statistic, "Period": 60, "EvaluationPeriods": 1}
    wanted |= {"ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching"}
    return wanted.items() <= alarm.props.items()


def test_every_metric_that_calls_for_people_is_watched_and_every_watched_one_is_counted() -> None:
    assert faults(counted(), WATCHED) == []


def test_every_watched_metric_has_its_alarm_and_no_other_has_one(cloud: Cloud) -> None:
    assert missing(cloud) == []


def test_every_service_that_ends_holds_is_watched_for_its_lateness() -> None:
    late = {service for service, ones in WATCHED.items() if "HoldLateness" in {one.metric for one in ones}}

    assert late == {row.service for row in ROWS if isinstance(row, Timer) and BookingOrdered in row.events}


def test_a_metric_that_nobody_has_decided_upon_is_seen() -> None:
    code = counted()

    assert faults(code | {("payment", "ChargebacksReceived")}, WATCHED) == ["payment: ChargebacksReceived has no alarm"]
    assert faults(code | {("payment", "PayoutsFailed")}, WATCHED) == ["payment: PayoutsFailed has no alarm"]


def test_a_metric_that_is_watched_no_more_and_one_that_is_counted_no_more_are_seen() -> None:
    code = counted()
    refunds = ("payment", "RefundsFailed")
    others = tuple(one for one in WATCHED["payment"] if one.metric != "RefundsFailed")

    assert faults(code, {**WATCHED, "payment": others}) == ["payment: RefundsFailed has no alarm"]
    assert faults(code - {refunds}, WATCHED) == ["payment: nobody counts RefundsFailed"]
    assert faults(code - {("ticket", "TicketsIssued")}, WATCHED) == ["nobody counts TicketsIssued"]


def test_an_alarm_that_is_gone_and_one_that_comes_too_late_are_seen(local: Cloud) -> None:
    broken = local.copy()
    gone, dull = (
        next(one for one in broken.alarms(Namespace="Ticketing") if one.props["MetricName"] == metric)
        for metric in ("RecordsParked", "MailsFailed")
    )
    broken.resources.remove(gone)
    dull.props["Threshold"] = 100

    assert missing(broken) == ["cdc: RecordsParked", "notify: MailsFailed"]
