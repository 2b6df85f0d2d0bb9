"""Undoing check-ins, and the door's event, keys, counts and revocations."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common import ids
from common.bus.ticket import TicketCheckInUndone
from common.outbox import outbox_events
from tests.support.drivers.ticket_driver import (
    ADMIN,
    ON_CANCELLED,
    ON_CONFIRMED,
    ORGANISER,
    STAFF,
    booking_cancelled,
    booking_confirmed,
    check_in,
    event_terms,
    get_door,
    interleaved_before_write,
    issue_single_ticket,
    stored_items,
    undo_check_in,
    violations,
)
from tests.support.system.system import Person, System


@pytest.fixture
def ticket(system: System) -> dict[str, Any]:
    return issue_single_ticket(system)


def test_undo_restores_ticket(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])

    response = undo_check_in(system)

    assert (response.status, response.json["undone_at"]) == (200, response.json["checked_in_at"])
    assert response.json == system.http("GET /v1/check-ins/nonce-01", by=STAFF).json
    [stored] = stored_items(system, "ticket")
    assert stored["status"] == "CREATED"
    assert not {"checked_in_at", "checked_in_by", "scan_id"} & set(stored)
    assert [one["action"] for one in stored["logs"]] == ["create", "issue", "admit", "undo"]
    assert stored["logs"][-1]["actor"] == STAFF.user_id
    [event] = outbox_events(stored)
    assert isinstance(event, TicketCheckInUndone)
    assert (event.ticket_id, event.booking_id, event.version) == (ticket["id"], ticket["booking_id"], stored["version"])
    assert violations(system) == []


def test_undone_ticket_admits_with_new_nonce_only(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])
    undo_check_in(system)

    same, other = check_in(system, ticket["code"]), check_in(system, ticket["code"], nonce="nonce-02")

    assert (same.status, same.problem) == (410, "check-in-undone")
    assert other.status == 201
    assert violations(system) == []


def test_repeated_undo_changes_nothing(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])
    undo_check_in(system)
    check_in(system, ticket["code"], nonce="nonce-02")
    before = stored_items(system, "ticket")

    assert undo_check_in(system).status == 200
    assert stored_items(system, "ticket") == before
    assert get_door(system).json["counts"]["checked_in"] == 1


def test_concurrent_undos_are_one(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])

    with interleaved_before_write(lambda: undo_check_in(system)):
        second = undo_check_in(system)

    assert second.status == 200
    assert [one["action"] for one in stored_items(system, "ticket")[0]["logs"]].count("undo") == 1
    assert violations(system) == []


def test_check_in_of_other_caller_is_not_found(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])

    responses = [
        undo_check_in(system, by=ORGANISER),
        undo_check_in(system, by=Person()),
        undo_check_in(system, nonce="another-nonce"),
    ]

    assert {(one.status, one.problem) for one in responses} == {(404, "check-in-not-found")}
    assert stored_items(system, "ticket")[0]["status"] == "CHECKED_IN"


def test_removed_staff_cannot_undo_check_in(system: System, ticket: dict[str, Any]) -> None:
    check_in(system, ticket["code"])
    system.deliver(event_terms(event_version=2, staff=()), "ticket.on_event_changed")

    response = undo_check_in(system)

    assert (response.status, response.problem) == (404, "event-not-found")
    assert stored_items(system, "ticket")[0]["status"] == "CHECKED_IN"


def test_undo_does_not_revive_void_ticket(system: System) -> None:
    system.deliver(event_terms(), "ticket.on_event_changed")
    booking = booking_confirmed(1)
    system.deliver(booking, ON_CONFIRMED)
    check_in(system, stored_items(system, "ticket")[0]["code"])
    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    response = undo_check_in(system)

    assert (response.status, response.problem) == (409, "ticket-void")
    assert stored_items(system, "ticket")[0]["status"] == "VOID"


@pytest.mark.parametrize("by", [STAFF, ORGANISER, ADMIN], ids=["staff", "organiser", "admin"])
def test_door_shows_event_and_counts(system: System, ticket: dict[str, Any], by: Person) -> None:
    system.deliver(booking_confirmed(3), ON_CONFIRMED)
    check_in(system, ticket["code"])

    response = get_door(system, by=by)

    assert response.status == 200
    assert response.json["event"]["name"] == "Élan, Vital"
    assert set(response.json["event"]["types"].values()) == {"Floor", "Balcony"}
    assert response.json["counts"] == {"issued": 4, "void": 0, "checked_in": 1}
    assert response.json["revoked"] == []


def test_door_key_verifies_ticket_offline(system: System, ticket: dict[str, Any]) -> None:
    [key] = get_door(system).json["keys"]

    assert (key["kid"], key["kty"], key["crv"]) == ("1", "OKP", "Ed25519")
    body, _, signature = ticket["qr_payload"].rpartition(".")
    signed = base64.b32decode(signature + "=" * (-len(signature) % 8))
    Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=")).verify(signed, body.encode())


def test_door_lists_revoked_tickets_of_cancelled_booking(system: System, ticket: dict[str, Any]) -> None:
    booking = booking_confirmed(2)
    system.deliver(booking, ON_CONFIRMED)
    system.deliver(booking_cancelled(booking), ON_CANCELLED)
    void = sorted(one["id"] for one in stored_items(system, "ticket") if one["status"] == "VOID")

    response = get_door(system)

    assert response.json["revoked"] == [{"ticket_id": one, "serial": None} for one in void]
    assert response.json["counts"] == {"issued": 3, "void": 2, "checked_in": 0}
    assert violations(system) == []


def test_unchanged_door_returns_not_modified(system: System, ticket: dict[str, Any]) -> None:
    tag = get_door(system).headers["etag"]

    same = get_door(system, if_none_match=tag)
    check_in(system, ticket["code"])
    changed = get_door(system, if_none_match=tag)

    assert (same.status, same.text, same.headers["etag"]) == (304, "", tag)
    assert changed.status == 200
    assert changed.headers["etag"] != tag


def test_door_is_visible_to_event_staff_only(system: System, ticket: dict[str, Any]) -> None:
    responses = [
        get_door(system, by=Person()),
        get_door(system, by=Person("organiser")),
        get_door(system, event_id=ids.new()),
    ]

    assert {(one.status, one.problem) for one in responses} == {(404, "event-not-found")}
