"""When a door admits, and what a check-in shows of the ticket."""

from datetime import timedelta
from typing import Any

import pytest

from common import clock, ids
from common.bus.events import EventCancelled, EventChanged
from tests.support.drivers.ticket_driver import (
    DETAILS,
    EVENT,
    FLOOR,
    NOW,
    ON_CONFIRMED,
    ORGANISER,
    STAFF,
    booking_confirmed,
    check_in,
    event_terms,
    get_door,
    issue_single_ticket,
    stored_items,
    undo_check_in,
    update_ticket,
    violations,
)
from tests.support.system.system import HttpResponse, Person, System

DOORS_AT = NOW + timedelta(hours=1)


@pytest.fixture
def ticket(system: System) -> dict[str, Any]:
    return issue_single_ticket(system)


def change_event(system: System, event_class: type[Any] = EventChanged, **changes: Any) -> None:
    """Deliver a changed event, which updates the copy."""
    system.deliver(event_terms(event_class, **{"event_version": 2} | changes), "ticket.on_event_changed")


def cancel_event(system: System, **changes: Any) -> None:
    change_event(system, EventCancelled, **{"status": "CANCELLED", "event_version": 3} | changes)


def get_check_in(system: System, nonce: str = "nonce-01", *, by: Person = STAFF) -> HttpResponse:
    return system.http(f"GET /v1/check-ins/{nonce}", by=by)


def test_check_in_before_doors_open_is_rejected_with_time(system: System, ticket: dict[str, Any]) -> None:
    change_event(system, doors_at=DOORS_AT)

    early = check_in(system, ticket["code"])
    clock.use(lambda: DOORS_AT)
    after_opening = check_in(system, ticket["code"])

    assert (early.status, early.problem, early.json["doors_at"]) == (409, "doors-not-open", clock.iso(DOORS_AT))
    assert clock.iso(DOORS_AT) in early.json["detail"]
    assert after_opening.status == 201  # with the same nonce: a rejection does not use it up
    assert violations(system) == []


def test_ticket_admits_at_once_without_door_time(system: System, ticket: dict[str, Any]) -> None:
    change_event(system, doors_at=DOORS_AT)
    change_event(system, event_version=3)

    assert check_in(system, ticket["code"]).status == 201
    assert get_door(system).json["event"]["doors_at"] is None


def test_checked_in_ticket_takes_precedence_over_later_door_time(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])
    change_event(system, doors_at=DOORS_AT)

    assert check_in(system, ticket["code"], nonce="nonce-02").problem == "already-checked-in"
    assert check_in(system, ticket["code"]).status == 201  # the same scan is replayed


def test_cancelled_event_admits_nobody(system: System, ticket: dict[str, Any]) -> None:
    cancel_event(system)

    response = check_in(system, ticket["code"])

    assert (response.status, response.problem) == (409, "event-cancelled")
    assert stored_items(system, "ticket")[0]["status"] == "CREATED"
    assert get_door(system).json["event"]["status"] == "CANCELLED"


def test_ended_event_admits_nobody(system: System, ticket: dict[str, Any]) -> None:
    change_event(
        system, status="ENDED", starts_at=NOW - timedelta(hours=9), ends_at=NOW - timedelta(hours=6, seconds=1)
    )

    response = check_in(system, ticket["code"])

    assert (response.status, response.problem) == (409, "doors-closed")


def test_event_running_late_still_admits(system: System, ticket: dict[str, Any]) -> None:
    change_event(system, status="ENDED", starts_at=NOW - timedelta(hours=9), ends_at=NOW - timedelta(hours=6))

    assert check_in(system, ticket["code"]).status == 201


@pytest.mark.parametrize("final_status", ["ENDED", "CANCELLED"])
def test_check_in_can_be_undone_after_event(system: System, ticket: dict[str, Any], final_status: str) -> None:
    check_in(system, ticket["code"])
    change_event(system, status=final_status)

    assert undo_check_in(system).status == 200
    assert violations(system) == []


def test_older_event_change_does_not_reopen_cancelled_event(system: System, ticket: dict[str, Any]) -> None:
    cancel_event(system)
    change_event(system)

    assert check_in(system, ticket["code"]).problem == "event-cancelled"


def test_booking_confirmed_after_event_cancellation_gets_no_tickets(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    cancel_event(system)

    system.deliver(booking_confirmed(1), ON_CONFIRMED)

    assert [one["status"] for one in stored_items(system, "ticket")] == ["REJECTED"]
    assert violations(system) == []


def test_check_in_shows_holder_seat_and_note(system: System, ticket: dict[str, Any]) -> None:
    update_ticket(system, ticket, DETAILS)

    response = check_in(system, ticket["code"])

    assert {name: response.json[name] for name in DETAILS} == DETAILS
    assert (response.json["type_name"], response.json["event_type_id"]) == ("Floor", FLOOR)
    assert "code" not in response.text.replace("encoded", "")


def test_check_in_is_found_at_its_location(system: System, ticket: dict[str, Any]) -> None:
    created = check_in(system, ticket["code"])

    fetched = system.http(f"GET {created.headers['location']}", by=STAFF)
    undo_check_in(system)
    undone = get_check_in(system)

    assert (fetched.status, fetched.json) == (200, created.json)
    assert (undone.status, undone.json["undone_at"]) == (200, "2026-03-01T12:00:00Z")


def test_check_in_is_visible_to_its_current_staff_only(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])

    responses = [get_check_in(system, by=ORGANISER), get_check_in(system, by=Person()), get_check_in(system, ids.new())]
    change_event(system, staff=())
    former = get_check_in(system)

    assert {(one.status, one.problem) for one in responses} == {(404, "check-in-not-found")}
    assert (former.status, former.problem) == (404, "event-not-found")
    assert check_in(system, ticket["code"], event_id=EVENT).problem == "event-not-found"
