"""Responses of the attendee list and its CSV export."""

import csv
import io

import pytest

from local.actors import hold_places, wait_for_tickets
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import FREE, E2EFixture


def test_csv_lists_every_attendee_without_codes(e2e: E2EFixture, send: RecordingClient) -> None:
    # A separate event: effects of other tests on the party's tickets may still arrive.
    event = e2e.organiser.publish_event(e2e.free_category, "Guest list", [{"name": "Entry"} | FREE])
    tickets = wait_for_tickets(e2e.buyer, hold_places(e2e.buyer, event["id"], 3))
    call, organiser = f"GET /v1/events/{event['id']}/attendees", e2e.organiser.client

    page, export = send(organiser, f"{call}?limit=100"), send(organiser, f"{call}/csv")

    assert (page.outcome, export.outcome) == ((200, "done"), (200, "done"))
    assert export.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    csv_rows = list(csv.DictReader(io.StringIO(export.content.decode())))
    rows = [(one["ticket_id"], one["booking_id"], one["status"]) for one in page.json["items"]]
    assert [(one["ticket_id"], one["booking_id"], one["status"]) for one in csv_rows] == rows
    assert {one["id"] for one in tickets} == {one["ticket_id"] for one in csv_rows}
    assert not any(one["code"] in export.content.decode() or one["code"] in str(page.json) for one in tickets)


@pytest.mark.parametrize("form", ["", "/csv"])
def test_attendees_are_visible_to_organiser_only(form: str, e2e: E2EFixture, send: RecordingClient) -> None:
    own, unknown = (f"/v1/events/{one}/attendees{form}" for one in (e2e.party["id"], "no-such-event"))

    assert send(e2e.buyer.client, f"GET {own}").outcome == (403, "role-missing")
    assert send(e2e.organiser.client, f"GET {unknown}").outcome == (404, "event-not-found")
