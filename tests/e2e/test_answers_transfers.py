"""Responses of transfers, reissues, voiding and undone check-ins."""

import secrets
from typing import Any

import pytest

from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture, token_subject

TICKET_ACTIONS = ("reissue", "void")


def transfer_request(recipient: Any) -> dict[str, str]:
    return {"to_user_id": recipient.id}


def test_ticket_update_requires_current_etag(e2e: E2EFixture, send: RecordingClient) -> None:
    ticket, organiser = f"/v1/tickets/{e2e.tickets[10]['id']}", e2e.organiser.client
    details = {"holder_name": "Ada Lovelace", "seat": "3", "note": "late"}
    tag = send(organiser, f"GET {ticket}").headers["ETag"]

    created = send(organiser, f"PUT {ticket}", details, headers={"If-Match": tag})
    stale = send(organiser, f"PUT {ticket}", details, headers={"If-Match": tag})
    without_etag = send(organiser, f"PUT {ticket}", details)

    assert (created.outcome, created.json["note"]) == ((200, "done"), "late")
    assert (stale.outcome, without_etag.outcome) == ((412, "stale-version"), (428, "if-match-required"))
    own = send(e2e.buyer.client, f"GET {ticket}").json
    assert (own["holder_name"], own["seat"], own["note"]) == ("Ada Lovelace", "3", None)


def test_void_ticket_cannot_be_updated(e2e: E2EFixture, send: RecordingClient) -> None:
    ticket = e2e.tickets[10]["id"]

    with e2e.altered("tickets", ticket, "ticket", status="VOID"):
        response = send(e2e.organiser.client, f"PUT /v1/tickets/{ticket}", {}, headers={"If-Match": "*"})

    assert response.outcome == (409, "ticket-void")


def test_reissued_ticket_admits_with_new_code_only(e2e: E2EFixture, send: RecordingClient) -> None:
    ticket, organiser = e2e.tickets[11], e2e.organiser.client

    created = send(organiser, f"POST /v1/tickets/{ticket['id']}/reissue")

    assert (created.outcome, created.json["serial"]) == ((200, "done"), 2)
    fresh = send(e2e.buyer.client, f"GET /v1/tickets/{ticket['id']}").json
    scans = [
        send(
            e2e.staff.client,
            "POST /v1/check-ins",
            {"event_id": e2e.party["id"], "code": code, "nonce": secrets.token_hex(8)},
        ).outcome
        for code in (ticket["code"], ticket["qr_payload"], fresh["code"])
    ]
    assert scans == [(404, "code-not-found"), (404, "code-not-found"), (201, "done")]
    admitted = send(organiser, f"POST /v1/tickets/{ticket['id']}/reissue")
    assert admitted.outcome == (409, "already-checked-in")
    door = send(e2e.staff.client, f"GET /v1/events/{e2e.party['id']}/door").json
    assert {"ticket_id": ticket["id"], "serial": 1} in door["revoked"]


def test_voided_ticket_is_in_door_manifest(e2e: E2EFixture, send: RecordingClient) -> None:
    ticket, organiser = e2e.tickets[12]["id"], e2e.organiser.client

    created = send(organiser, f"POST /v1/tickets/{ticket}/void")
    reissued = send(organiser, f"POST /v1/tickets/{ticket}/reissue")

    assert (created.outcome, created.json["status"]) == ((200, "done"), "VOID")
    assert reissued.outcome == (409, "ticket-void")
    door = send(e2e.staff.client, f"GET /v1/events/{e2e.party['id']}/door").json
    assert {"ticket_id": ticket, "serial": None} in door["revoked"]


@pytest.mark.parametrize("action", TICKET_ACTIONS)
def test_pending_ticket_cannot_be_changed(action: str, e2e: E2EFixture, send: RecordingClient) -> None:
    ticket = e2e.tickets[13]["id"]

    with e2e.altered("tickets", ticket, "ticket", status="PENDING"):
        response = send(e2e.organiser.client, f"POST /v1/tickets/{ticket}/{action}")

    assert response.outcome == (409, "not-issued")


def test_only_event_organiser_may_change_tickets(e2e: E2EFixture, send: RecordingClient) -> None:
    own, unknown_ticket = f"/v1/tickets/{e2e.tickets[13]['id']}", f"/v1/tickets/{secrets.token_hex(8)}"
    calls = [f"POST {{}}/{action}" for action in TICKET_ACTIONS]

    forbidden = {send(e2e.buyer.client, call.format(own)).outcome for call in calls}
    unknown = {send(e2e.organiser.client, call.format(unknown_ticket)).outcome for call in calls}
    forbidden.add(send(e2e.buyer.client, f"PUT {own}", {}, headers={"If-Match": "*"}).outcome)
    unknown.add(send(e2e.organiser.client, f"PUT {unknown_ticket}", {}, headers={"If-Match": "*"}).outcome)

    assert (forbidden, unknown) == ({(403, "role-missing")}, {(404, "ticket-not-found")})


def test_accepted_transfer_moves_the_ticket(e2e: E2EFixture, send: RecordingClient) -> None:
    offer = f"POST /v1/tickets/{e2e.tickets[14]['id']}/transfer"
    key = {"Idempotency-Key": secrets.token_hex(8)}

    created = send(e2e.buyer.client, offer, transfer_request(e2e.stranger), headers=key)
    again = send(e2e.buyer.client, offer, transfer_request(e2e.stranger), headers=key)
    reused = send(e2e.buyer.client, offer, transfer_request(e2e.staff), headers=key)
    second = send(e2e.buyer.client, offer, transfer_request(e2e.staff))
    accept = f"POST /v1/transfers/{created.json['id']}/accept"
    foreign = send(e2e.staff.client, accept)
    accepted = send(e2e.stranger.client, accept)
    cancelled = send(e2e.buyer.client, f"DELETE /v1/tickets/{e2e.tickets[14]['id']}/transfer")

    assert (created.outcome, again.json, reused.outcome) == (
        (201, "done"),
        created.json,
        (422, "idempotency-key-reused"),
    )
    assert (second.outcome, foreign.outcome) == ((409, "transfer-pending"), (404, "transfer-not-found"))
    assert (accepted.outcome, accepted.json["user_id"], accepted.json["serial"]) == (
        (200, "done"),
        token_subject(e2e.stranger.client),
        2,
    )
    assert cancelled.outcome == (410, "transfer-closed")
    assert send(e2e.buyer.client, offer, transfer_request(e2e.staff)).outcome == (409, "ticket-void")


def test_cancelled_transfer_cannot_be_accepted(e2e: E2EFixture, send: RecordingClient) -> None:
    ticket = f"/v1/tickets/{e2e.tickets[15]['id']}/transfer"
    created = send(e2e.buyer.client, f"POST {ticket}", transfer_request(e2e.stranger))

    cancelled = send(e2e.buyer.client, f"DELETE {ticket}")
    accepted = send(e2e.stranger.client, f"POST /v1/transfers/{created.json['id']}/accept")

    assert (cancelled.outcome, accepted.outcome) == ((204, "done"), (410, "transfer-closed"))


@pytest.mark.parametrize(
    ("status", "problem"), [("PENDING", "not-issued"), ("CHECKED_IN", "already-checked-in"), ("VOID", "ticket-void")]
)
def test_inadmissible_ticket_cannot_be_transferred(
    status: str, problem: str, e2e: E2EFixture, send: RecordingClient
) -> None:
    ticket = e2e.tickets[16]["id"]
    if status == "CHECKED_IN":
        scan = {"event_id": e2e.party["id"], "code": e2e.tickets[17]["code"], "nonce": secrets.token_hex(8)}
        ticket = e2e.tickets[17]["id"]
        open_offer = send(e2e.buyer.client, f"POST /v1/tickets/{ticket}/transfer", transfer_request(e2e.stranger)).json[
            "id"
        ]
        send(e2e.staff.client, "POST /v1/check-ins", scan)
        assert send(e2e.stranger.client, f"POST /v1/transfers/{open_offer}/accept").outcome == (409, problem)
        assert send(e2e.buyer.client, f"POST /v1/tickets/{ticket}/transfer", transfer_request(e2e.staff)).outcome == (
            409,
            problem,
        )
        return

    with e2e.altered("tickets", ticket, "ticket", status=status):
        response = send(e2e.buyer.client, f"POST /v1/tickets/{ticket}/transfer", transfer_request(e2e.stranger))

    assert response.outcome == (409, problem)


def test_transfer_of_void_ticket_cannot_be_accepted(e2e: E2EFixture, send: RecordingClient) -> None:
    ticket = e2e.tickets[18]["id"]
    created = send(e2e.buyer.client, f"POST /v1/tickets/{ticket}/transfer", transfer_request(e2e.stranger))

    with e2e.altered("tickets", ticket, "ticket", status="VOID"):
        response = send(e2e.stranger.client, f"POST /v1/transfers/{created.json['id']}/accept")

    assert response.outcome == (409, "ticket-void")


def test_foreign_ticket_transfer_is_not_found(e2e: E2EFixture, send: RecordingClient) -> None:
    ticket = f"/v1/tickets/{e2e.tickets[16]['id']}/transfer"

    offered, cancelled = (
        send(e2e.stranger.client, f"POST {ticket}", transfer_request(e2e.staff)),
        send(e2e.stranger.client, f"DELETE {ticket}"),
    )

    assert {offered.outcome, cancelled.outcome} == {(404, "ticket-not-found")}
