"""What an organiser is answered who asks for the tickets of an event."""

import csv
import io

import pytest

from local.people import held, tickets_of
from tests.support.answers import Asking
from tests.support.house import FREE, House


def test_the_sheet_has_a_line_for_every_attendee_and_no_code(house: House, ask: Asking) -> None:
    # An event of its own: at the party other tests change tickets, some of them later than they end.
    show = house.organiser.publishes(house.free, "Guest list", [{"name": "Entry"} | FREE])
    tickets = tickets_of(house.buyer, held(house.buyer, show["id"], 3))
    event, boss = f"GET /v1/events/{show['id']}/attendees", house.organiser.client

    listed, sheet = ask(boss, f"{event}?limit=100"), ask(boss, f"{event}/csv")

    assert (listed.told, sheet.told) == ((200, "done"), (200, "done"))
    assert sheet.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    lines = list(csv.DictReader(io.StringIO(sheet.content.decode())))
    told = [(one["ticket_id"], one["booking_id"], one["status"]) for one in listed.json["items"]]
    assert [(one["ticket_id"], one["booking_id"], one["status"]) for one in lines] == told
    assert {one["id"] for one in tickets} == {one["ticket_id"] for one in lines}
    assert not any(one["code"] in sheet.content.decode() or one["code"] in str(listed.json) for one in tickets)


@pytest.mark.parametrize("form", ["", "/csv"])
def test_the_attendees_are_the_event_s_organiser_s_only(form: str, house: House, ask: Asking) -> None:
    there, nowhere = (f"/v1/events/{one}/attendees{form}" for one in (house.party["id"], "no-such-event"))

    assert ask(house.buyer.client, f"GET {there}").told == (403, "role-missing")
    assert ask(house.organiser.client, f"GET {nowhere}").told == (404, "event-unknown")
