"""Responses of tickets and check-ins, except those to invalid requests."""

import secrets
from typing import Any

import pytest

from local.actors import wait_for
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import FREE, E2EFixture

UNKNOWN_ID = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"

FORMATS = ("/qr", "/pdf", "/calendar")


def scan_request(e2e: E2EFixture, ticket: int, **fields: Any) -> dict[str, Any]:
    """A scan at the party; each test uses its own tickets."""
    nonce = secrets.token_hex(8)
    return {"event_id": e2e.party["id"], "code": e2e.tickets[ticket]["code"], "nonce": nonce} | fields


@pytest.mark.parametrize("call", ["GET /v1/tickets", "GET /v1/notifications"])
def test_own_tickets_and_notifications_are_listed(call: str, e2e: E2EFixture, send: RecordingClient) -> None:
    assert send(e2e.buyer.client, call).outcome == (200, "done")


@pytest.mark.parametrize("suffix", ["", *FORMATS])
def test_ticket_is_visible_to_owner_only(suffix: str, e2e: E2EFixture, send: RecordingClient) -> None:
    address = f"GET /v1/tickets/{e2e.tickets[0]['id']}{suffix}"

    assert send(e2e.buyer.client, address).outcome == (200, "done")
    assert send(e2e.stranger.client, address).outcome == (404, "ticket-not-found")


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(("status", "problem"), [("PENDING", "not-issued"), ("VOID", "ticket-void")])
def test_inadmissible_ticket_is_not_rendered(
    status: str, problem: str, suffix: str, e2e: E2EFixture, send: RecordingClient
) -> None:
    ticket = e2e.tickets[1]["id"]

    with e2e.altered("tickets", ticket, "ticket", status=status):
        response = send(e2e.buyer.client, f"GET /v1/tickets/{ticket}{suffix}")

    assert response.outcome == (409, problem)


def test_ticket_checks_in_once(e2e: E2EFixture, send: RecordingClient) -> None:
    first = scan_request(e2e, 2)

    admitted = send(e2e.staff.client, "POST /v1/check-ins", first)
    again = send(e2e.staff.client, "POST /v1/check-ins", scan_request(e2e, 2))
    reused = send(e2e.staff.client, "POST /v1/check-ins", first | {"code": e2e.tickets[3]["code"]})

    assert (admitted.outcome, again.outcome) == ((201, "done"), (409, "already-checked-in"))
    assert reused.outcome == (422, "nonce-reused")


def test_ticket_is_rejected_at_other_event(e2e: E2EFixture, send: RecordingClient) -> None:
    other = send(e2e.staff.client, "POST /v1/check-ins", scan_request(e2e, 4, event_id=e2e.concert["id"]))
    unknown = send(e2e.staff.client, "POST /v1/check-ins", scan_request(e2e, 4, code="NO-SUCH-CODE"))
    no_staff = send(e2e.stranger.client, "POST /v1/check-ins", scan_request(e2e, 4))

    assert (other.outcome, unknown.outcome) == ((409, "wrong-event"), (404, "code-not-found"))
    assert no_staff.outcome == (404, "event-not-found")


def test_void_ticket_cannot_check_in(e2e: E2EFixture, send: RecordingClient) -> None:
    with e2e.altered("tickets", e2e.tickets[5]["id"], "ticket", status="VOID"):
        response = send(e2e.staff.client, "POST /v1/check-ins", scan_request(e2e, 5))

    assert response.outcome == (409, "ticket-void")


def test_check_in_can_be_undone_once(e2e: E2EFixture, send: RecordingClient) -> None:
    created = scan_request(e2e, 6)
    send(e2e.staff.client, "POST /v1/check-ins", created)
    undo = f"POST /v1/check-ins/{created['nonce']}/undo"

    with e2e.altered("tickets", e2e.tickets[6]["id"], "ticket", status="VOID"):
        void = send(e2e.staff.client, undo)
    undone = send(e2e.staff.client, undo)
    again = send(e2e.staff.client, "POST /v1/check-ins", created)

    assert (void.outcome, undone.outcome, again.outcome) == (
        (409, "ticket-void"),
        (200, "done"),
        (410, "check-in-undone"),
    )


def test_unknown_check_in_cannot_be_undone(e2e: E2EFixture, send: RecordingClient) -> None:
    undo = f"POST /v1/check-ins/{secrets.token_hex(8)}/undo"

    assert send(e2e.staff.client, undo).outcome == (404, "check-in-not-found")


def test_removed_staff_cannot_undo_check_in(e2e: E2EFixture, send: RecordingClient) -> None:
    created = scan_request(e2e, 7)
    send(e2e.staff.client, "POST /v1/check-ins", created)

    with e2e.altered("tickets", e2e.party["id"], "event", staff=[]):
        response = send(e2e.staff.client, f"POST /v1/check-ins/{created['nonce']}/undo")

    assert response.outcome == (404, "event-not-found")


def test_unchanged_door_manifest_answers_304(e2e: E2EFixture, send: RecordingClient) -> None:
    # A separate event: effects of other tests on the party's tickets may still arrive.
    event = e2e.organiser.publish_event(
        e2e.free_category, "Own door", [{"name": "Entry"} | FREE], staff=(e2e.staff.id,)
    )
    call = f"GET /v1/events/{event['id']}/door"

    first = wait_for(
        lambda: response if (response := send(e2e.staff.client, call)).outcome[0] == 200 else None, "the door"
    )
    again = send(e2e.staff.client, call, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.outcome, again.outcome) == ((200, "done"), (304, "unchanged"))
    assert send(e2e.stranger.client, call).outcome == (404, "event-not-found")
