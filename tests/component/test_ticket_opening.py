"""When a door is open, and what it is told of those that it lets in."""

from datetime import timedelta
from typing import Any

import pytest

from common import clock, ids
from common.bus.events import EventCancelled, EventChanged
from tests.component.test_ticket_desk import WORDS, describe
from tests.component.test_ticket_door import BOSS, DOOR, scan, ticket
from tests.component.test_ticket_issuing import CONFIRMED, EVENT, FLOOR, NOW, at_noon, confirmed, items, terms
from tests.component.test_ticket_undoing import door, undo, unsound
from tests.support.system import Person, Reply, System

__all__ = ["at_noon", "ticket"]
DOORS = NOW + timedelta(hours=1)


def told(system: System, kind: type[Any] = EventChanged, **changes: Any) -> None:
    """The event is changed; its copy follows."""
    system.deliver(terms(kind, **{"event_version": 2} | changes), "ticket.keep_event")


def cancelled(system: System, **changes: Any) -> None:
    told(system, EventCancelled, **{"status": "CANCELLED", "event_version": 3} | changes)


def admission(system: System, nonce: str = "nonce-01", *, by: Person = DOOR) -> Reply:
    return system.http(f"GET /v1/check-ins/{nonce}", by=by)


def test_before_the_doors_open_a_ticket_is_too_early_and_told_when(system: System, ticket: dict[str, Any]) -> None:
    told(system, doors_at=DOORS)

    early = scan(system, ticket["code"])
    clock.use(lambda: DOORS)
    then = scan(system, ticket["code"])

    assert (early.status, early.problem, early.json["doors_at"]) == (409, "too-early", clock.iso(DOORS))
    assert clock.iso(DOORS) in early.json["detail"]
    assert then.status == 201  # of the same nonce: a refusal spends none
    assert unsound(system) == []


def test_without_a_time_for_the_doors_a_ticket_admits_at_once(system: System, ticket: dict[str, Any]) -> None:
    told(system, doors_at=DOORS)
    told(system, event_version=3)

    assert scan(system, ticket["code"]).status == 201
    assert door(system).json["event"]["doors_at"] is None


def test_whoever_is_in_already_is_told_so_even_if_the_doors_open_later_now(
    system: System, ticket: dict[str, Any]
) -> None:
    scan(system, ticket["code"])
    told(system, doors_at=DOORS)

    assert scan(system, ticket["code"], nonce="nonce-02").problem == "already-checked-in"
    assert scan(system, ticket["code"]).status == 201  # the same scan gets its answer


def test_an_event_that_is_cancelled_admits_nobody(system: System, ticket: dict[str, Any]) -> None:
    cancelled(system)

    answer = scan(system, ticket["code"])

    assert (answer.status, answer.problem) == (409, "event-cancelled")
    assert items(system, "ticket")[0]["status"] == "CREATED"
    assert door(system).json["event"]["status"] == "CANCELLED"


def test_an_event_that_is_over_admits_nobody(system: System, ticket: dict[str, Any]) -> None:
    told(system, status="ENDED", starts_at=NOW - timedelta(hours=9), ends_at=NOW - timedelta(hours=6, seconds=1))

    answer = scan(system, ticket["code"])

    assert (answer.status, answer.problem) == (409, "event-ended")


def test_an_event_that_runs_late_lets_people_in(system: System, ticket: dict[str, Any]) -> None:
    told(system, status="ENDED", starts_at=NOW - timedelta(hours=9), ends_at=NOW - timedelta(hours=6))

    assert scan(system, ticket["code"]).status == 201


@pytest.mark.parametrize("ends", ["ENDED", "CANCELLED"])
def test_what_was_admitted_by_mistake_is_undone_even_after_the_event(
    system: System, ticket: dict[str, Any], ends: str
) -> None:
    scan(system, ticket["code"])
    told(system, status=ends)

    assert undo(system).status == 200
    assert unsound(system) == []


def test_an_older_change_does_not_bring_a_cancelled_event_back(system: System, ticket: dict[str, Any]) -> None:
    cancelled(system)
    told(system)

    assert scan(system, ticket["code"]).problem == "event-cancelled"


def test_a_booking_that_is_confirmed_after_the_cancellation_gets_no_tickets(system: System) -> None:
    system.deliver(terms(), "ticket.keep_event")
    cancelled(system)

    system.deliver(confirmed(1), CONFIRMED)

    assert [one["status"] for one in items(system, "ticket")] == ["REJECTED"]
    assert unsound(system) == []


def test_the_door_is_told_who_comes_and_what_to_mind(system: System, ticket: dict[str, Any]) -> None:
    describe(system, ticket, WORDS)

    answer = scan(system, ticket["code"])

    assert {name: answer.json[name] for name in WORDS} == WORDS
    assert (answer.json["type_name"], answer.json["event_type_id"]) == ("Floor", FLOOR)
    assert "code" not in answer.text.replace("encoded", "")


def test_an_admission_is_found_where_its_location_says(system: System, ticket: dict[str, Any]) -> None:
    made = scan(system, ticket["code"])

    found = system.http(f"GET {made.headers['location']}", by=DOOR)
    undo(system)
    then = admission(system)

    assert (found.status, found.json) == (200, made.json)
    assert (then.status, then.json["undone_at"]) == (200, "2026-03-01T12:00:00Z")


def test_an_admission_is_shown_to_whoever_made_it_and_works_there(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])

    answers = [admission(system, by=BOSS), admission(system, by=Person()), admission(system, ids.new())]
    told(system, staff=())
    former = admission(system)

    assert {(one.status, one.problem) for one in answers} == {(404, "check-in-unknown")}
    assert (former.status, former.problem) == (404, "event-unknown")
    assert scan(system, ticket["code"], event_id=EVENT).problem == "event-unknown"
