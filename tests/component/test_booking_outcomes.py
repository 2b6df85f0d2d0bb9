"""What booking counts of its outcomes: dashboards and alarms are made of these names."""

from collections.abc import Callable

import pytest

from common import ids
from tests.component.test_booking_cancellation import call_off, to_the_end
from tests.support.box_office import BoxOffice
from tests.support.lines import Outcomes
from tests.support.refusals import meanwhile
from tests.support.system import Person

ANNA, BEN = Person(), Person()
OLGA = Person("organiser", user_id="o1")
FULL = {"refund_percent": 100}


def confirmed(office: BoxOffice, qty: int = 1) -> str:
    booking = office.held(ANNA, office.show(10, **FULL), qty)
    office.pay(booking)
    return booking


def test_an_order_counts_its_places_and_a_repetition_none(office: BoxOffice, outcomes: Outcomes) -> None:
    show = office.show(10)

    for _ in range(2):
        office.held(ANNA, show, 3, key="k1")

    assert outcomes == [("PlacesHeld", 3)]


def test_what_became_of_a_payment_is_counted(office: BoxOffice, outcomes: Outcomes) -> None:
    show = office.show(3)
    in_time, late, refused = (office.held(ANNA, show, 1) for _ in range(3))
    for booking in (late, refused):
        office.fail(booking)
    outcomes.clear()

    office.pay(in_time, "p1")
    office.pay(late, "p2")
    office.held(BEN, show, 1)
    office.pay(refused, "p3")

    counted = [name for name, _ in outcomes]
    assert counted == ["BookingsConfirmed", "BookingsConfirmedLate", "PlacesHeld", "LatePaymentsRefused"]


@pytest.mark.parametrize("paid", [True, False])
def test_a_buyers_cancellation_is_counted_once(office: BoxOffice, outcomes: Outcomes, paid: bool) -> None:
    booking = confirmed(office) if paid else office.held(ANNA, office.show(10), 1)
    outcomes.clear()

    for _ in range(2):
        office.cancel(ANNA, booking)

    assert outcomes == [("BookingsCancelled", 1)]


@pytest.mark.parametrize("end", [BoxOffice.fail, BoxOffice.wake])
def test_a_hold_that_ends_is_counted_once_with_how_late_it_was(
    office: BoxOffice, outcomes: Outcomes, end: Callable[[BoxOffice, str], bool]
) -> None:
    booking = office.held(ANNA, office.show(10), 1)
    office.wait(1000)
    outcomes.clear()

    for _ in range(2):
        assert end(office, booking)

    assert outcomes == [("HoldLateness", 400), ("BookingsEnded", 1)]


def test_a_hold_that_is_declined_before_its_time_is_not_late(office: BoxOffice, outcomes: Outcomes) -> None:
    booking = office.held(ANNA, office.show(10), 1)
    outcomes.clear()

    office.fail(booking, "declined")

    assert outcomes == [("HoldLateness", 0), ("BookingsEnded", 1)]


def test_what_was_confirmed_and_is_revoked_was_no_late_hold(office: BoxOffice, outcomes: Outcomes) -> None:
    booking = confirmed(office)
    outcomes.clear()

    office.reject(booking)

    assert outcomes == [("BookingsEnded", 1)]


def test_another_capacity_is_counted_and_the_same_is_not(office: BoxOffice, outcomes: Outcomes) -> None:
    show = office.show(10)

    for _ in range(2):
        office.resize(OLGA, show, 20)

    assert outcomes == [("CapacitiesChanged", 1)]


def test_each_booking_that_a_cancelled_event_ends_is_counted(office: BoxOffice, outcomes: Outcomes) -> None:
    show = office.show(10)
    for who in (ANNA, BEN):
        office.held(who, show, 1)
    outcomes.clear()

    to_the_end(office, show)

    assert outcomes == [("BookingsCalledOff", 1)] * 2


def test_an_instance_of_the_cancellation_that_was_overtaken_is_counted(office: BoxOffice, outcomes: Outcomes) -> None:
    show = office.show(10)
    call_off(office, show)

    with meanwhile("UpdateItem", lambda: call_off(office, show)):
        call_off(office, show)

    assert outcomes == [("SlicesOvertaken", 1)]


def heard(office: BoxOffice, booking: str, *words: str) -> None:
    for word in words:
        if word == "handed on":
            office.hand_on(booking, "k1", "k2", ids.derive("somebody else"))
        else:
            office.door(booking, "k1", 3 if word == "admitted" else 4, inside=word == "admitted")


@pytest.mark.parametrize("word", ["admitted", "handed on"])
def test_the_use_of_a_ticket_that_was_given_back_is_counted(office: BoxOffice, outcomes: Outcomes, word: str) -> None:
    booking = confirmed(office)
    office.cancel(ANNA, booking)
    outcomes.clear()

    heard(office, booking, word)

    assert outcomes == [("UsesHeardTooLate", 1)]


def test_the_use_of_a_ticket_that_is_kept_is_not_counted(office: BoxOffice, outcomes: Outcomes) -> None:
    booking = confirmed(office)
    outcomes.clear()

    heard(office, booking, "admitted", "handed on")

    assert outcomes == []


def test_an_admission_that_was_taken_back_is_no_use_that_came_too_late(office: BoxOffice, outcomes: Outcomes) -> None:
    booking = confirmed(office)
    office.cancel(ANNA, booking)
    outcomes.clear()

    heard(office, booking, "taken back", "admitted")

    assert outcomes == []
