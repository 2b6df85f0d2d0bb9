"""A booking's history: what happened to it and who did it, as one journey, under ids that stay."""

from collections.abc import Callable

import pytest

from common import outbox
from tests.component.test_booking_cancellation import call_off, to_the_end
from tests.support.box_office import BACKSTOP, HOLD, BoxOffice, Show
from tests.support.system import Person

ANNA = Person(user_id="11111111-1111-4111-8111-111111111111")
FULL = {"refund_percent": 100}


def extend(office: BoxOffice, booking: str) -> None:
    office.extend(ANNA, booking)


def cancel(office: BoxOffice, booking: str) -> None:
    office.cancel(ANNA, booking)


def pay(office: BoxOffice, booking: str) -> None:
    office.pay(booking)


def not_paid(office: BoxOffice, booking: str) -> None:
    office.fail(booking)


def declined(office: BoxOffice, booking: str) -> None:
    office.fail(booking, "declined")


def wake(office: BoxOffice, booking: str) -> None:
    office.wait(HOLD + BACKSTOP)
    office.wake(booking)


def reject(office: BoxOffice, booking: str) -> None:
    office.reject(booking)


def all_back(office: BoxOffice, booking: str) -> None:
    office.refund(booking, 2500)


STORIES: list[tuple[list[Callable[[BoxOffice, str], None]], str]] = [
    ([extend, cancel], "extend by buyer, cancel by buyer"),
    ([pay, cancel], "confirm by payment, withdraw by buyer"),
    ([pay, reject], "confirm by payment, revoke by ticket"),
    ([pay, all_back], "confirm by payment, refund by payment"),
    ([not_paid, pay], "expire by payment, confirm_late by payment"),
    ([declined, pay], "fail by payment, confirm_late by payment"),
    ([cancel, pay], "cancel by buyer, refuse by payment"),
    ([wake], "expire by backstop"),
]


@pytest.mark.parametrize(("acts", "story"), STORIES, ids=[story for _, story in STORIES])
def test_each_line_says_what_happened_and_who_did_it(
    office: BoxOffice, acts: list[Callable[[BoxOffice, str], None]], story: str
) -> None:
    booking = office.held(ANNA, office.show(10, **FULL), 1)

    for act in acts:
        act(office, booking)

    logs = office.system.http(f"GET /v1/bookings/{booking}", by=ANNA).json["logs"]
    assert [one["version"] for one in logs] == list(range(1, len(acts) + 2))
    assert ", ".join(f"{one['did']} by {one['by']}" for one in logs) == f"order by buyer, {story}"


def test_all_that_is_told_of_a_booking_belongs_to_the_journey_of_its_order(office: BoxOffice) -> None:
    show = office.show(10, **FULL)
    booking = office.held(ANNA, show, 1)
    journeys = [one.correlation_id for one in outbox.published(office.booking(booking))]

    for act in (extend, pay, cancel):
        act(office, booking)
        journeys += [one.correlation_id for one in outbox.published(office.booking(booking))]

    assert (len(journeys), len(set(journeys))) == (4, 1)
    assert journeys[0] != "c1", "which is that of the messages"


def test_a_cancelled_event_tells_of_each_booking_in_its_own_journey(office: BoxOffice) -> None:
    show = office.show(10)
    bookings = [office.held(Person(), show, 1) for _ in range(3)]
    ordered = {one: office.booking(one)["correlation_id"] for one in bookings}

    call_off(office, show)
    to_the_end(office, show)

    ended = {one: outbox.published(office.booking(one))[0].correlation_id for one in bookings}
    assert ended == ordered


def test_a_keyed_order_and_its_items_have_the_same_ids_whatever_is_deployed(office: BoxOffice) -> None:
    """A repetition may reach a later release, and what others wrote down has to lead somewhere."""
    show = Show("22222222-2222-4222-8222-222222222222", ("33333333-3333-4333-8333-333333333333",))
    office.tell_terms(show, [10])

    told = office.order(ANNA, show, 1, key="k1").json

    assert told["id"] == "3c98f323-0207-581d-b6b5-21b58c9910b9"
    assert [one["id"] for one in told["items"]] == ["b4d680ff-da20-55ac-980b-253c17de32cf"]
