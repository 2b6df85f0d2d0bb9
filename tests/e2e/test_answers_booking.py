"""What the calls of booking answer, beside what their form brings."""

import secrets
from typing import Any

import pytest

from local.people import Person, held
from tests.support.answers import Asking
from tests.support.house import House

SOME = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"


@pytest.fixture
def buyer(house: House) -> Person:
    return Person.registers(house.nobody, "nele")


def seats(house: House, qty: int = 1, kind: int = 0, **fields: Any) -> dict[str, Any]:
    """An order of the concert's seats."""
    item = {"event_type_id": house.concert["types"][kind]["id"], "qty": qty}
    return {"event_id": house.concert["id"], "items": [item | fields]}


def test_an_order_holds_places_once_per_key(house: House, buyer: Person, ask: Asking) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}

    made = ask(buyer.client, "POST /v1/bookings", seats(house), headers=key)
    other = ask(buyer.client, "POST /v1/bookings", seats(house, 2), headers=key)

    assert (made.told, other.told) == ((201, "done"), (422, "key-reused"))


def test_an_order_of_what_there_is_not_is_refused(house: House, buyer: Person, ask: Asking) -> None:
    unknown = ask(buyer.client, "POST /v1/bookings", seats(house) | {"event_id": SOME})
    no_type = ask(buyer.client, "POST /v1/bookings", seats(house, event_type_id=SOME))
    which = ask(buyer.client, "POST /v1/bookings", {"event_id": house.concert["id"], "number_slot": 1})

    assert (unknown.told, no_type.told) == ((404, "event-unknown"), (422, "event-type-unknown"))
    assert which.told == (422, "type-needed")


def test_each_person_has_so_many_places_and_no_more(house: House, buyer: Person, ask: Asking) -> None:
    assert ask(buyer.client, "POST /v1/bookings", seats(house, 5)).told == (409, "limit-reached")


def test_more_places_than_are_free_are_refused(house: House, buyer: Person, ask: Asking) -> None:
    one = [{"name": "Only", "prices": 0, "currency": "EUR", "capacity": 1}]
    event = house.organiser.publishes(house.free, "One place", one)

    answer = ask(buyer.client, "POST /v1/bookings", {"event_id": event["id"], "number_slot": 2})

    assert answer.told == (409, "sold-out")


@pytest.mark.parametrize(
    ("problem", "fields"), [("not-on-sale", {"on_sale": False}), ("terms-changing", {"terms_version": 99})]
)
def test_what_is_not_sold_as_it_was_read_is_refused(
    problem: str, fields: dict[str, Any], house: House, buyer: Person, ask: Asking
) -> None:
    with house.altered("bookings", house.concert["types"][1]["id"], "stock#0", **fields):
        answer = ask(buyer.client, "POST /v1/bookings", seats(house, kind=1))

    assert answer.told == (409, problem)


def test_ones_own_bookings_are_listed_shown_and_cancelled(house: House, buyer: Person, ask: Asking) -> None:
    mine = held(buyer, house.concert["id"], {house.concert["types"][0]["id"]: 1})

    assert ask(buyer.client, "GET /v1/bookings").told == (200, "done")
    assert ask(buyer.client, f"GET /v1/bookings/{mine['id']}").told == (200, "done")
    assert ask(buyer.client, f"POST /v1/bookings/{mine['id']}/cancel").told == (200, "done")


def test_the_bookings_of_others_are_unknown(house: House, ask: Asking) -> None:
    for call in ("GET /v1/bookings/{}", "POST /v1/bookings/{}/cancel"):
        answer = ask(house.stranger.client, call.format(house.booking["id"]))
        assert answer.told == (404, "booking-unknown")


def test_a_confirmed_booking_is_not_cancelled(house: House, ask: Asking) -> None:
    with house.altered("bookings", house.party["id"], "terms", starts_at="2026-01-01T20:00:00.000Z"):
        answer = ask(house.buyer.client, f"POST /v1/bookings/{house.booking['id']}/cancel")

    assert answer.told == (409, "not-refundable")
