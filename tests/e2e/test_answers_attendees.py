"""Responses of the attendee list and its CSV export."""

import csv
import io

import pytest

from local.actors import hold_places, wait_for_tickets
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import FREE, E2EFixture


def test_csv_lists_every_attendee_without_codes(e2e: E2EFixture, send: RecordingClient) -> None:
    # A separate event: other tests change tickets of the party, even after they end.
    show = e2e.organiser.publish_event(e2e.free_category, "Guest list", [{"name": "Entry"} | FREE])
    tickets = wait_for_tickets(e2e.buyer, hold_places(e2e.buyer, show["id"], 3))
    event, organiser = f"GET /v1/events/{show['id']}/attendees", e2e.organiser.client

    listed, sheet = send(organiser, f"{event}?limit=100"), send(organiser, f"{event}/csv")

    assert (listed.outcome, sheet.outcome) == ((200, "done"), (200, "done"))
    assert sheet.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    lines = list(csv.DictReader(io.StringIO(sheet.content.decode())))
    rows = [(one["ticket_id"], one["booking_id"], one["status"]) for one in listed.json["items"]]
    assert [(one["ticket_id"], one["booking_id"], one["status"]) for one in lines] == rows
    assert {one["id"] for one in tickets} == {one["ticket_id"] for one in lines}
    assert not any(one["code"] in sheet.content.decode() or one["code"] in str(listed.json) for one in tickets)


@pytest.mark.parametrize("form", ["", "/csv"])
def test_attendees_are_visible_to_organiser_only(form: str, e2e: E2EFixture, send: RecordingClient) -> None:
    there, nowhere = (f"/v1/events/{one}/attendees{form}" for one in (e2e.party["id"], "no-such-event"))

    assert send(e2e.buyer.client, f"GET {there}").outcome == (403, "role-missing")
    assert send(e2e.organiser.client, f"GET {nowhere}").outcome == (404, "event-not-found")
