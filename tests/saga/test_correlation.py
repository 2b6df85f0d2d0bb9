"""What happens to a booking is one journey: all bus events, log lines and mails carry the id of its first request.

A request that comes later (paying, the provider's word, a scan, a cancellation) has an id of its own in its own log
line; every bus event that it causes names it as its cause. Three kinds of line tell of many journeys at once: those
of cdc (`records`), those of consumers that take a whole batch (they list the journeys), and metrics.
"""

from collections import Counter
from email import message_from_bytes
from email.policy import default
from logging import LogRecord
from typing import Any

import pytest

from tests.saga.journeys import ALONE, Journey, enlarged
from tests.saga.stage import Stage
from tests.support.lines import Lines, logged
from tests.support.saga import Saga


def walked(stage: Stage, journey: Journey) -> tuple[Saga, Lines]:
    with logged() as lines:
        stage.walk(journey)
        stage.saga.rest()
    return stage.saga, lines


def journeys_of(saga: Saga) -> dict[str, str]:
    """The bookings, each with the id of its journey."""
    return {one["id"]: one["correlation_id"] for one in saga.tables()["bookings"] if one["sk"] == "booking"}


def heard(saga: Saga) -> dict[str, dict[str, Any]]:
    return {one.envelope["detail"]["bus_event_id"]: one.envelope["detail"] for one in saga.heard}


@pytest.mark.parametrize("journey", ALONE, ids=str)
def test_all_that_is_told_of_a_booking_carries_the_id_of_the_request_that_ordered_it(
    stage: Stage, journey: Journey
) -> None:
    saga, lines = walked(stage, journey)
    known, told = journeys_of(saga), heard(saga)

    ordered = [one for one in saga.heard if one.envelope["detail-type"] == "BookingOrdered.v1"]
    assert {one.envelope["detail"]["causation_id"] for one in ordered} >= set(known.values())
    assert set(known.values()) <= _requests(lines)
    of_bookings = [one for one in told.values() if one.get("booking_id") in known]
    assert of_bookings or not known
    assert [one for one in of_bookings if one["correlation_id"] != known[one["booking_id"]]] == []
    about = [one for one in lines.records if _said(one, "bus_event_id") in told]
    assert [one for one in about if _said(one, "correlation_id") != _journey(told, one)] == []


@pytest.mark.parametrize("journey", ALONE, ids=str)
def test_no_line_is_without_a_journey(stage: Stage, journey: Journey) -> None:
    _, lines = walked(stage, journey)

    assert lines.records
    named = ("correlation_id", "correlation_ids", "records")
    assert [vars(one) for one in lines.records if not any(_said(one, name) for name in named)] == []


@pytest.mark.parametrize("journey", ALONE, ids=str)
def test_every_mail_carries_the_journey_of_what_it_tells(stage: Stage, journey: Journey) -> None:
    saga, _ = walked(stage, journey)
    headers = (message_from_bytes(one, policy=default)["X-Correlation-Id"] for one in saga.system.sdk.mails)
    sent, mails = Counter[str](), Counter(map(str, headers))
    for one in saga.tables()["notifications"]:
        if one["sk"] == "notification":
            sent[one["correlation_id"]] += "sent_at" in one

    assert "None" not in mails
    assert {one: mails[one] for one in sent} == sent


@pytest.mark.parametrize("journey", [one for one in ALONE if one.plays != (enlarged,)], ids=str)
def test_every_bus_event_leads_back_to_a_request_that_was_logged(stage: Stage, journey: Journey) -> None:
    saga, lines = walked(stage, journey)
    told = heard(saga)
    # In `enlarged` the journey itself speaks for booking.
    ends = {_root(told, one) for one in told}
    assert ends
    assert ends - _requests(lines) == set()


def _requests(lines: Lines) -> set[str]:
    return {_said(one, "correlation_id") for one in lines.records if _said(one, "status")}


def _root(told: dict[str, dict[str, Any]], bus_event_id: str) -> str:
    """What caused what caused it, and so on, to the first."""
    while bus_event_id in told:
        bus_event_id = told[bus_event_id]["causation_id"]
    return bus_event_id


def _journey(told: dict[str, dict[str, Any]], line: LogRecord) -> str:
    return str(told[_said(line, "bus_event_id")]["correlation_id"])


def _said(line: LogRecord, name: str) -> Any:
    return vars(line).get(name)
