"""What the door answers before it is open, when its event is no more, and of what it admitted."""

import secrets

import pytest

from tests.e2e.test_answers_hands import to
from tests.e2e.test_answers_ticket import scan
from tests.support.answers import Asking
from tests.support.house import House


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"doors_at": "2099-01-01T18:00:00.000Z"}, "too-early"),
        ({"status": "CANCELLED"}, "event-cancelled"),
        ({"status": "ENDED"}, "event-ended"),
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
