"""Responses of check-ins and transfers that depend on the event's state."""

import secrets
from typing import Any

import pytest

from local.actors import available_places, hold_places, wait_for, wait_for_booking, wait_for_tickets
from tests.e2e.test_answers_ticket import scan_request
from tests.e2e.test_answers_transfers import transfer_request
from tests.support.fixtures.answers import RecordedResponse, RecordingClient
from tests.support.fixtures.e2e_fixture import FREE, E2EFixture


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"doors_at": "2099-01-01T18:00:00.000Z"}, "doors-not-open"),
        ({"status": "CANCELLED"}, "event-cancelled"),
        ({"status": "ENDED", "ends_at": "2020-01-01T21:00:00.000Z"}, "doors-closed"),
    ],
)
def test_closed_door_admits_nobody(
    fields: dict[str, str], problem: str, e2e: E2EFixture, send: RecordingClient
) -> None:
    with e2e.altered("tickets", e2e.party["id"], "event", **fields):
        response = send(e2e.staff.client, "POST /v1/check-ins", scan_request(e2e, 19))

    assert response.outcome == (409, problem)
    assert response.json.get("doors_at") == fields.get("doors_at")


def test_check_in_is_found_at_its_location(e2e: E2EFixture, send: RecordingClient) -> None:
    created = send(e2e.staff.client, "POST /v1/check-ins", scan_request(e2e, 19))
    path = f"GET {created.headers['Location']}"

    own, foreign = send(e2e.staff.client, path), send(e2e.stranger.client, path)
    with e2e.altered("tickets", e2e.party["id"], "event", staff=[]):
        former = send(e2e.staff.client, path)

    assert (own.outcome, own.json) == ((200, "done"), created.json)
    assert (foreign.outcome, former.outcome) == ((404, "check-in-not-found"), (404, "event-not-found"))


def test_transfer_to_self_is_rejected(e2e: E2EFixture, send: RecordingClient) -> None:
    response = send(e2e.buyer.client, f"POST /v1/tickets/{e2e.tickets[9]['id']}/transfer", transfer_request(e2e.buyer))

    assert (response.outcome, response.json["errors"][0]["pointer"]) == ((422, "transfer-to-self"), "/to_user_id")


def test_transfer_is_visible_to_both_parties_only(e2e: E2EFixture, send: RecordingClient) -> None:
    ticket = f"/v1/tickets/{e2e.tickets[9]['id']}/transfer"
    created = send(e2e.buyer.client, f"POST {ticket}", transfer_request(e2e.stranger))
    path = f"GET {created.headers['Location']}"

    visible = [send(one.client, path) for one in (e2e.buyer, e2e.stranger)]
    hidden = [send(e2e.staff.client, path), send(e2e.buyer.client, f"GET /v1/transfers/{secrets.token_hex(8)}")]
    send(e2e.buyer.client, f"DELETE {ticket}")

    assert [(one.outcome, one.json) for one in visible] == [((200, "done"), created.json)] * 2
    assert {one.outcome for one in hidden} == {(404, "transfer-not-found")}


def test_door_follows_event_changes(e2e: E2EFixture, send: RecordingClient) -> None:
    organiser, doors = e2e.organiser.client, "2031-05-01T17:00:00Z"
    event = e2e.create_draft(doors_at=doors, category_id=e2e.free_category, types=[{"name": "Entry"} | FREE])
    event_path = f"/v1/events/{event['id']}"
    send(organiser, f"POST {event_path}/publish")
    wait_for(lambda: available_places(organiser, event["id"]), "the inventory of a published event")
    booking = wait_for_booking(e2e.buyer, hold_places(e2e.buyer, event["id"], 2), "CONFIRMED")
    first, second = wait_for_tickets(e2e.buyer, booking)

    def scan(ticket: dict[str, Any]) -> RecordedResponse:
        return send(organiser, "POST /v1/check-ins", scan_request(e2e, 0, event_id=event["id"], code=ticket["code"]))

    early = scan(first)
    tag = send(organiser, f"GET {event_path}").headers["ETag"]
    edit = e2e.event_request(category_id=e2e.free_category)
    del edit["types"]
    update = send(organiser, f"PUT {event_path}", edit, headers={"If-Match": tag})
    wait_for(lambda: scan(first).outcome == (201, "done") or None, "the opening of the doors")
    send(organiser, f"POST {event_path}/cancel", {"message": "Rain"})
    wait_for(lambda: scan(second).outcome == (409, "event-cancelled") or None, "the cancellation at the door")

    assert (early.outcome, early.json["doors_at"]) == ((409, "doors-not-open"), "2031-05-01T17:00:00.000Z")
    assert update.outcome == (200, "done")
