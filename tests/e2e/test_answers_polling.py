"""Conditional reads: 304 while nothing changes, the new representation afterwards."""

from local.actors import Actor, find_payment, hold_places, wait_for_booking
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import FREE, E2EFixture


def is_unchanged(by: Actor, call: str, send: RecordingClient) -> bool:
    """Whether a read with the first response's ETag returns 304."""
    first = send(by.client, f"GET {call}")
    again = send(by.client, f"GET {call}", headers={"If-None-Match": first.headers["ETag"]})
    same = again.headers["ETag"] == first.headers["ETag"] and not again.content
    return same and (first.outcome, again.outcome) == ((200, "done"), (304, "unchanged"))


def test_unchanged_buyer_reads_answer_304(e2e: E2EFixture, send: RecordingClient) -> None:
    # A separate event: other tests hold and release places of the concert.
    event = e2e.organiser.publish_event(e2e.free_category, "Conditional read", [{"name": "Entry"} | FREE])

    assert is_unchanged(e2e.buyer, f"/v1/events/{event['id']}", send)
    assert is_unchanged(e2e.buyer, f"/v1/events/{event['id']}/availability", send)
    assert is_unchanged(e2e.buyer, f"/v1/bookings/{e2e.booking['id']}", send)
    assert is_unchanged(e2e.buyer, f"/v1/payments/{find_payment(e2e.buyer, e2e.booking)['id']}", send)
    assert is_unchanged(e2e.buyer, f"/v1/tickets/{e2e.tickets[0]['id']}", send)


def test_unchanged_own_event_answers_304(e2e: E2EFixture, send: RecordingClient) -> None:
    event = e2e.create_draft()

    assert is_unchanged(e2e.organiser, f"/v1/users/{e2e.organiser.id}/events/{event['id']}", send)


def test_changed_booking_is_sent_again(e2e: E2EFixture, send: RecordingClient) -> None:
    booking = hold_places(e2e.stranger, e2e.party["id"], 1)
    call = f"GET /v1/bookings/{booking['id']}"
    tag = send(e2e.stranger.client, call).headers["ETag"]
    wait_for_booking(e2e.stranger, booking, "CONFIRMED")
    e2e.stranger.client.request_json("POST", f"/v1/bookings/{booking['id']}/cancel")

    again = send(e2e.stranger.client, call, headers={"If-None-Match": tag})

    assert (again.outcome, again.json["status"]) == ((200, "done"), "CANCELLED")
