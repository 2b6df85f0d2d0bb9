"""What booking answers to those who give back, hold longer, or run the event."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.people import Organiser, Person, held, settled, tickets_of, until
from tests.support.answers import Asking
from tests.support.house import House

SOME = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"


@pytest.fixture
def buyer(house: House) -> Person:
    return Person.registers(house.nobody, "gerd")


@pytest.fixture
def hold(house: House, buyer: Person) -> dict[str, Any]:
    """A hold of one seat of the concert."""
    return held(buyer, house.concert["id"], {house.concert["types"][0]["id"]: 1})


def moment(**ahead: float) -> str:
    """A time from now, as the tables hold it."""
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_a_hold_is_extended_once(hold: dict[str, Any], buyer: Person, house: House, ask: Asking) -> None:
    call = f"POST /v1/bookings/{hold['id']}/extend"

    assert ask(house.stranger.client, call).told == (404, "booking-unknown")
    assert [ask(buyer.client, call).told for _ in range(2)] == [(200, "done"), (409, "already-extended")]


def test_what_cannot_be_held_longer_says_why(hold: dict[str, Any], buyer: Person, house: House, ask: Asking) -> None:
    call = f"POST /v1/bookings/{hold['id']}/extend"

    with house.altered("bookings", hold["id"], "booking", pay_before=moment(seconds=-1)):
        assert ask(buyer.client, call).told == (410, "hold-over")
    with house.altered("bookings", hold["id"], "booking", pay_before=moment(minutes=40)):
        assert ask(buyer.client, call).told == (409, "hold-at-its-longest")
    assert ask(house.buyer.client, f"POST /v1/bookings/{house.booking['id']}/extend").told == (409, "not-extendable")


def test_a_confirmed_booking_goes_back_as_the_terms_allow(house: House, buyer: Person, ask: Asking) -> None:
    booking = settled(buyer, held(buyer, house.party["id"], 2), "CONFIRMED")
    call = f"POST /v1/bookings/{booking['id']}/cancel"

    with house.altered("bookings", house.party["id"], "terms", starts_at=moment(hours=-1)):
        late = ask(buyer.client, call)
    back = ask(buyer.client, call)

    assert (late.told, back.told, back.json["status"]) == ((409, "not-refundable"), (200, "done"), "CANCELLED")


def test_what_was_used_or_passed_on_is_not_given_back(house: House, buyer: Person, ask: Asking) -> None:
    used, passed_on = (settled(buyer, held(buyer, house.party["id"], 2), "CONFIRMED") for _ in range(2))
    came, given = (tickets_of(buyer, booking)[0] for booking in (used, passed_on))
    scan = {"event_id": house.party["id"], "code": came["code"], "nonce": secrets.token_hex(8)}
    house.staff.client.must("POST", "/v1/check-ins", scan)
    offer = buyer.client.must("POST", f"/v1/tickets/{given['id']}/transfer", {"to_user_id": house.stranger.id})
    house.stranger.client.must("POST", f"/v1/transfers/{offer['id']}/accept")
    heard(buyer, used, "admitted", 1)
    heard(buyer, passed_on, "passed_on", 1)

    refused = [ask(buyer.client, f"POST /v1/bookings/{one['id']}/cancel") for one in (used, passed_on)]
    house.staff.client.must("POST", f"/v1/check-ins/{scan['nonce']}/undo")
    heard(buyer, used, "admitted", 0)

    assert [one.told for one in refused] == [(409, "ticket-used"), (409, "ticket-passed-on")]
    assert refused[0].json["ticket_ids"] == [came["id"]]
    assert ask(buyer.client, f"POST /v1/bookings/{used['id']}/cancel").told == (200, "done")


def heard(who: Person, booking: dict[str, Any], name: str, number: int) -> None:
    """Wait until the booking tells so many."""
    call = f"/v1/bookings/{booking['id']}"
    until(lambda: who.client.must("GET", call)[name] == number or None, f"{number} {name}")


def test_what_has_ended_is_not_cancelled(hold: dict[str, Any], buyer: Person, house: House, ask: Asking) -> None:
    with house.altered("bookings", hold["id"], "booking", status="EXPIRED"):
        assert ask(buyer.client, f"POST /v1/bookings/{hold['id']}/cancel").told == (409, "not-cancellable")


def test_an_order_outside_its_time_says_so(house: House, buyer: Person, ask: Asking) -> None:
    order = {"event_id": house.party["id"], "number_slot": 1}
    kind = house.party["types"][0]
    sold = {"name": "Entry", "prices": 0, "currency": "EUR", "status": "ON_SALE"}

    for window, told in (
        ({"sale_from": moment(days=1)}, (409, "not-on-sale-yet")),
        ({"sale_until": moment(days=-1)}, (410, "sale-ended")),
    ):
        with house.altered("bookings", house.party["id"], "terms", types={kind["id"]: sold | window}):
            assert ask(buyer.client, "POST /v1/bookings", order).told == told


def test_places_that_are_held_may_return(house: House, buyer: Person, ask: Asking) -> None:
    few = [{"name": "Only", "prices": 900, "currency": "EUR", "capacity": 1}]
    event = house.organiser.publishes(house.paid, "One place, held", few)
    held(house.stranger, event["id"], 1)

    answer = ask(buyer.client, "POST /v1/bookings", {"event_id": event["id"], "number_slot": 1})

    assert answer.told == (409, "all-held")


def test_availability_is_sent_once(house: House, ask: Asking) -> None:
    few = [{"name": "Entry", "prices": 0, "currency": "EUR", "capacity": 5}]
    event = house.organiser.publishes(house.free, "Availability", few)  # of its own: nobody else books here
    call = f"GET /v1/events/{event['id']}/availability"

    first = ask(house.nobody, call)
    same = ask(house.nobody, call, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.told, same.told) == ((200, "done"), (304, "unchanged"))
    assert ask(house.nobody, f"GET /v1/events/{SOME}/availability").told == (404, "event-unknown")


@pytest.mark.parametrize("what", ["bookings", "sales"])
def test_an_event_is_shown_to_its_organiser_only(what: str, house: House, rival: Organiser, ask: Asking) -> None:
    call = f"GET /v1/events/{house.party['id']}/{what}"

    assert ask(house.organiser.client, call).told == (200, "done")
    assert ask(house.admin, call).told == (200, "done")
    assert ask(house.buyer.client, call).told == (403, "role-missing")
    assert ask(rival.client, call).told == (404, "event-unknown")


def test_a_token_of_another_list_is_refused(house: House, ask: Asking) -> None:
    call = f"GET /v1/events/{house.party['id']}/bookings?next_token=x"

    assert ask(house.organiser.client, call).told == (400, "bad-token")


def test_places_are_added_and_never_taken_from_anybody(house: House, rival: Organiser, ask: Asking) -> None:
    kind = house.party["types"][0]["id"]
    call = f"PUT /v1/events/{house.party['id']}/types/{kind}/capacity"

    assert ask(house.organiser.client, call, {"capacity": 600}).told == (200, "done")
    assert ask(house.organiser.client, call, {"capacity": 1}).told == (409, "below-taken")
    assert ask(rival.client, call, {"capacity": 1}).told == (404, "event-unknown")
    assert ask(house.buyer.client, call, {"capacity": 1}).told == (403, "role-missing")
    unknown = call.replace(kind, SOME)
    assert ask(house.organiser.client, unknown, {"capacity": 1}).told == (404, "type-unknown")
    draft = house.draft()
    unsold = f"PUT /v1/events/{draft['id']}/types/{draft['types'][0]['id']}/capacity"
    assert ask(house.organiser.client, unsold, {"capacity": 1}).told == (409, "not-published-yet")


def test_how_far_a_cancellation_is_can_be_seen(house: House, buyer: Person, rival: Organiser, ask: Asking) -> None:
    few = [{"name": "Entry", "prices": 0, "currency": "EUR", "capacity": 5}]
    event = house.organiser.publishes(house.free, "Called off", few)
    booking = settled(buyer, held(buyer, event["id"], 2), "CONFIRMED")
    call = f"GET /v1/events/{event['id']}/cancellation"
    assert ask(house.organiser.client, call).told == (404, "cancellation-unknown")
    assert ask(rival.client, call).told == (404, "event-unknown")
    assert ask(house.buyer.client, call).told == (403, "role-missing")

    house.organiser.client.must("POST", f"/v1/events/{event['id']}/cancel", {"message": "Rain"})

    def finished() -> dict[str, Any] | None:
        answer = ask(house.organiser.client, call)
        return answer.json if answer.told == (200, "done") and answer.json["state"] == "FINISHED" else None

    done = until(finished, "the end of the cancellation")
    assert (done["found"], done["cancelled"]) == (1, 1)
    assert settled(buyer, booking, "CANCELLED")["logs"][-1]["by"] == "organiser"


def test_an_admin_sees_and_does_what_the_organiser_may(house: House, ask: Asking) -> None:
    entry = {"name": "Entry", "prices": 0, "currency": "EUR", "capacity": 5}
    event = house.organiser.publishes(house.free, "Orphan", [entry])
    theirs = f"/v1/users/{house.organiser.id}/events"
    reads = [f"/v1/events/{event['id']}/bookings", f"/v1/events/{event['id']}/sales", theirs, f"{theirs}/{event['id']}"]

    seen = [ask(house.admin, f"GET {address}") for address in reads]
    resized = ask(
        house.admin, f"PUT /v1/events/{event['id']}/types/{event['types'][0]['id']}/capacity", {"capacity": 7}
    )
    cancelled = ask(house.admin, f"POST /v1/events/{event['id']}/cancel", {"message": "Its organiser is gone."})

    assert [one.told for one in (*seen, resized, cancelled)] == [(200, "done")] * 6
    assert (cancelled.json["status"], cancelled.json["organiser_id"]) == ("CANCELLED", house.organiser.id)
