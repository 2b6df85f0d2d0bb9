"""What the door answers before it is open, when its event is no more, and of what it admitted."""

import secrets
from typing import Any

import pytest

from local.people import free, held, settled, tickets_of, until
from tests.e2e.test_answers_hands import to
from tests.e2e.test_answers_ticket import scan
from tests.support.answers import Asking, Reply
from tests.support.house import FREE, House


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"doors_at": "2099-01-01T18:00:00.000Z"}, "too-early"),
        ({"status": "CANCELLED"}, "event-cancelled"),
        ({"status": "ENDED", "ends_at": "2020-01-01T21:00:00.000Z"}, "event-ended"),
    ],
)
def test_a_door_that_is_not_open_admits_nobody(fields: dict[str, str], problem: str, house: House, ask: Asking) -> None:
    with house.altered("tickets", house.party["id"], "event", **fields):
        answer = ask(house.staff.client, "POST /v1/check-ins", scan(house, 19))

    assert answer.told == (409, problem)
    assert answer.json.get("doors_at") == fields.get("doors_at")


def test_an_admission_is_found_where_its_location_says(house: House, ask: Asking) -> None:
    made = ask(house.staff.client, "POST /v1/check-ins", scan(house, 19))
    shown = f"GET {made.headers['Location']}"

    mine, foreign = ask(house.staff.client, shown), ask(house.stranger.client, shown)
    with house.altered("tickets", house.party["id"], "event", staff=[]):
        former = ask(house.staff.client, shown)

    assert (mine.told, mine.json) == ((200, "done"), made.json)
    assert (foreign.told, former.told) == ((404, "check-in-unknown"), (404, "event-unknown"))


def test_nobody_offers_a_ticket_to_themselves(house: House, ask: Asking) -> None:
    answer = ask(house.buyer.client, f"POST /v1/tickets/{house.tickets[9]['id']}/transfer", to(house.buyer))

    assert (answer.told, answer.json["errors"][0]["pointer"]) == ((422, "offered-to-oneself"), "/to_user_id")


def test_an_offer_is_shown_to_those_two_only(house: House, ask: Asking) -> None:
    ticket = f"/v1/tickets/{house.tickets[9]['id']}/transfer"
    made = ask(house.buyer.client, f"POST {ticket}", to(house.stranger))
    shown = f"GET {made.headers['Location']}"

    seen = [ask(one.client, shown) for one in (house.buyer, house.stranger)]
    unseen = [ask(house.staff.client, shown), ask(house.buyer.client, f"GET /v1/transfers/{secrets.token_hex(8)}")]
    ask(house.buyer.client, f"DELETE {ticket}")

    assert [(one.told, one.json) for one in seen] == [((200, "done"), made.json)] * 2
    assert {one.told for one in unseen} == {(404, "transfer-unknown")}


def test_a_door_follows_what_the_organiser_does_with_the_event(house: House, ask: Asking) -> None:
    boss, doors = house.organiser.client, "2031-05-01T17:00:00Z"
    night = house.draft(doors_at=doors, category_id=house.free, types=[{"name": "Entry"} | FREE])
    event = f"/v1/events/{night['id']}"
    ask(boss, f"POST {event}/publish")
    until(lambda: free(boss, night["id"]), "the stock of a published event")
    booking = settled(house.buyer, held(house.buyer, night["id"], 2), "CONFIRMED")
    first, second = tickets_of(house.buyer, booking)

    def scanned(ticket: dict[str, Any]) -> Reply:
        return ask(boss, "POST /v1/check-ins", scan(house, 0, event_id=night["id"], code=ticket["code"]))

    early = scanned(first)
    tag = ask(boss, f"GET {event}").headers["ETag"]
    edit = house.plan(category_id=house.free)
    del edit["types"]
    opened = ask(boss, f"PUT {event}", edit, headers={"If-Match": tag})
    until(lambda: scanned(first).told == (201, "done") or None, "the opening of the doors")
    ask(boss, f"POST {event}/cancel", {"message": "Rain"})
    until(lambda: scanned(second).told == (409, "event-cancelled") or None, "the cancellation at the door")

    assert (early.told, early.json["doors_at"]) == ((409, "too-early"), "2031-05-01T17:00:00.000Z")
    assert opened.told == (200, "done")
