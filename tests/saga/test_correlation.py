"""All bus events, log lines and e-mails of a booking carry the correlation id of its first request.

A later request (payment, webhook, check-in, cancellation) has its own id in its own log line; the bus events that it
causes name it as causation id. Three kinds of log lines concern several correlation ids: those of cdc (`records`),
those of batch consumers (`correlation_ids`), and metrics.
"""

from collections import Counter
from email import message_from_bytes
from email.policy import default
from logging import LogRecord
from typing import Any

import pytest

from tests.saga.harness import Harness
from tests.saga.journeys import SINGLE_JOURNEYS, Journey, capacity_announced
from tests.support.drivers.saga_driver import Saga
from tests.support.system.log_capture import LogCapture, capture_logs


def run_and_log(harness: Harness, journey: Journey) -> tuple[Saga, LogCapture]:
    with capture_logs() as logs:
        harness.run_journey(journey)
        harness.saga.drain_until_idle()
    return harness.saga, logs


def correlation_by_booking(saga: Saga) -> dict[str, str]:
    """The correlation id of each booking."""
    return {one["id"]: one["correlation_id"] for one in saga.tables()["bookings"] if one["sk"] == "booking"}


def delivered_details(saga: Saga) -> dict[str, dict[str, Any]]:
    return {one.envelope["detail"]["bus_event_id"]: one.envelope["detail"] for one in saga.delivered}


@pytest.mark.parametrize("journey", SINGLE_JOURNEYS, ids=str)
def test_booking_events_share_the_order_correlation_id(harness: Harness, journey: Journey) -> None:
    saga, logs = run_and_log(harness, journey)
    correlations, details = correlation_by_booking(saga), delivered_details(saga)

    ordered = [one for one in saga.delivered if one.envelope["detail-type"] == "BookingOrdered.v1"]
    assert {one.envelope["detail"]["causation_id"] for one in ordered} >= set(correlations.values())
    assert set(correlations.values()) <= _request_ids(logs)
    booking_events = [one for one in details.values() if one.get("booking_id") in correlations]
    assert booking_events or not correlations
    assert [one for one in booking_events if one["correlation_id"] != correlations[one["booking_id"]]] == []
    log_records = [one for one in logs.records if _field(one, "bus_event_id") in details]
    assert [one for one in log_records if _field(one, "correlation_id") != _correlation(details, one)] == []


@pytest.mark.parametrize("journey", SINGLE_JOURNEYS, ids=str)
def test_every_log_line_has_a_correlation_id(harness: Harness, journey: Journey) -> None:
    _, logs = run_and_log(harness, journey)

    assert logs.records
    names = ("correlation_id", "correlation_ids", "records")
    assert [vars(one) for one in logs.records if not any(_field(one, name) for name in names)] == []


@pytest.mark.parametrize("journey", SINGLE_JOURNEYS, ids=str)
def test_every_mail_has_its_correlation_id(harness: Harness, journey: Journey) -> None:
    saga, _ = run_and_log(harness, journey)
    headers = (message_from_bytes(one, policy=default)["X-Correlation-Id"] for one in saga.system.sdk.mails)
    sent, mails = Counter[str](), Counter(map(str, headers))  # by correlation id
    for one in saga.tables()["notifications"]:
        if one["sk"] == "notification":
            sent[one["correlation_id"]] += "sent_at" in one

    assert "None" not in mails
    assert {one: mails[one] for one in sent} == sent


# `capacity_announced` publishes events itself, without a request.
@pytest.mark.parametrize("journey", [one for one in SINGLE_JOURNEYS if one.scripts != (capacity_announced,)], ids=str)
def test_every_bus_event_traces_to_a_logged_request(harness: Harness, journey: Journey) -> None:
    saga, logs = run_and_log(harness, journey)
    details = delivered_details(saga)

    root_causes = {_root_cause(details, one) for one in details}
    assert root_causes
    assert root_causes - _request_ids(logs) == set()


def _request_ids(logs: LogCapture) -> set[str]:
    return {_field(one, "correlation_id") for one in logs.records if _field(one, "status")}


def _root_cause(details: dict[str, dict[str, Any]], bus_event_id: str) -> str:
    """The first event or request of the causation chain."""
    while bus_event_id in details:
        bus_event_id = details[bus_event_id]["causation_id"]
    return bus_event_id


def _correlation(details: dict[str, dict[str, Any]], line: LogRecord) -> str:
    return str(details[_field(line, "bus_event_id")]["correlation_id"])


def _field(line: LogRecord, name: str) -> Any:
    return vars(line).get(name)
