"""What was confirmed and is given back: by its buyer as the event's terms allow, or because all its money went back."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from common import outbox
from tests.support.box_office import START, STARTS, BoxOffice, Show
from tests.support.refusals import meanwhile
from tests.support.system import Person

ANNA = Person()
HALF: dict[str, Any] = {"refund_percent": 50, "refund_hours": 48}


def confirmed(office: BoxOffice, show: Show, qty: int = 1) -> str:
    booking = office.held(ANNA, show, qty)
    office.pay(booking)
    return booking


@pytest.mark.parametrize(
    ("percent", "prices", "back"), [(50, 2500, 1250), (100, 2500, 2500), (33, 100, 33), (1, 99, 0)]
)
def test_a_confirmed_booking_goes_back_for_what_the_terms_say(
    office: BoxOffice, percent: int, prices: int, back: int
) -> None:
    show = office.show(10, prices=prices, refund_percent=percent, refund_hours=48)
    booking = confirmed(office, show)

    answer = office.cancel(ANNA, booking)

    assert (answer.status, answer.json["status"], answer.json["refund"]) == (200, "CANCELLED", back)
    assert office.did(booking) == ["order", "confirm", "withdraw"]
    (event,) = outbox.published(office.booking(booking))
    assert event.model_dump(include={"reason", "refund"}) == {"reason": "buyer", "refund": back}
    assert (office.free(show), office.limit(show, ANNA), office.violations()) == ([10], 0, [])


def test_giving_back_twice_gives_back_once(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show, 2)

    first, second = office.cancel(ANNA, booking), office.cancel(ANNA, booking)

    assert (first.json, office.free(show), office.violations()) == (second.json, [10], [])


def test_two_at_once_give_back_once(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show, 2)

    with meanwhile("TransactWriteItems", lambda: office.cancel(ANNA, booking)):
        answer = office.cancel(ANNA, booking)

    assert (answer.json["status"], office.did(booking).count("withdraw"), office.violations()) == ("CANCELLED", 1, [])


def test_the_policy_ends_so_many_hours_before_the_start(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    first, second = confirmed(office, show), confirmed(office, show)
    office.wait((STARTS - START - timedelta(hours=48)).total_seconds())

    assert office.cancel(ANNA, first).status == 200
    office.wait(1)
    answer = office.cancel(ANNA, second)

    assert (answer.status, answer.problem, answer.json["refund_percent"]) == (409, "not-refundable", 50)
    assert answer.json["refundable_until"] == (STARTS - timedelta(hours=48)).isoformat()
    assert (office.booking(second)["status"], office.violations()) == ("CONFIRMED", [])


def test_without_a_policy_a_paid_booking_stays(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10))

    answer = office.cancel(ANNA, booking)

    assert (answer.status, answer.problem, office.booking(booking)["status"]) == (409, "not-refundable", "CONFIRMED")


def test_a_free_booking_goes_back_until_the_start(office: BoxOffice) -> None:
    show = office.show(10, prices=0)
    first, second = confirmed(office, show), confirmed(office, show)
    office.wait((STARTS - START).total_seconds() - 1)

    assert office.cancel(ANNA, first).json["refund"] == 0
    office.wait(1)
    assert office.cancel(ANNA, second).problem == "not-refundable"


def test_where_the_event_is_cancelled_all_goes_back_whatever_its_policy(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    whole, rest = confirmed(office, show), confirmed(office, show)
    office.refund(rest, 1000)
    office.change_terms(show, status="CANCELLED", **HALF)

    assert [office.cancel(ANNA, one).json["refund"] for one in (whole, rest)] == [2500, 1500]


def test_what_has_gone_back_does_not_go_back_again(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show)
    office.refund(booking, 2000)

    assert office.cancel(ANNA, booking).json["refund"] == 500


def test_a_booking_that_changed_since_it_was_read_is_not_given_back_as_it_was(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 1)

    with meanwhile("TransactWriteItems", lambda: office.extend(ANNA, booking)):
        answer = office.cancel(ANNA, booking)

    assert (answer.json["status"], office.did(booking)) == ("CANCELLED", ["order", "extend", "cancel"])


def test_a_partial_refund_while_it_is_given_back_is_not_paid_twice(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show)

    with meanwhile("TransactWriteItems", lambda: office.refund(booking, 2000)) as acted:
        answer = office.cancel(ANNA, booking)

    assert acted
    assert (answer.json["status"], answer.json["refund"], office.violations()) == ("CANCELLED", 500, [])


def test_the_sum_that_went_back_is_shown(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10), 2)

    for sums in (1000, 3000, 1000, 3000):
        assert office.refund(booking, 500, sums)

    stored = office.booking(booking)
    assert (stored["refunded"], stored["status"], office.did(booking)) == (3000, "CONFIRMED", ["order", "confirm"])
    assert sold_back(office) == 3000
    assert office.system.http(f"GET /v1/bookings/{booking}", by=ANNA).json["refunded"] == 3000


def test_with_all_its_money_gone_the_booking_ends(office: BoxOffice) -> None:
    show = office.show(10)
    booking = confirmed(office, show, 2)
    office.refund(booking, 2000)

    for _ in range(2):
        assert office.refund(booking, 3000, 5000)

    (event,) = outbox.published(office.booking(booking))
    assert event.model_dump(include={"reason", "refund"}) == {"reason": "refunded", "refund": None}
    assert (office.did(booking), office.booking(booking)["refunded"]) == (["order", "confirm", "refund"], 5000)
    assert (office.free(show), office.limit(show, ANNA), office.violations()) == ([10], 0, [])
    assert sold_back(office) == 5000


def test_two_words_at_once_of_what_went_back_are_summed_once(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10), 2)

    with meanwhile("TransactWriteItems", lambda: office.refund(booking, 2000, 2000, version=4)) as acted:
        first = office.refund(booking, 1000, 1000, version=3)

    assert (acted, first) == (["TransactWriteItems"], False)
    assert office.refund(booking, 1000, 1000, version=3), "it comes again, and is known to be older"
    assert (office.booking(booking)["refunded"], sold_back(office)) == (2000, 2000)


def test_after_the_end_an_older_word_of_what_went_back_changes_nothing(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10), 2)
    office.refund(booking, 4000, 5000, version=6)

    assert office.bounce(booking, 1000, 0, version=5)

    assert (office.booking(booking)["refunded"], sold_back(office)) == (5000, 5000)


def test_a_refund_of_what_has_ended_is_shown_and_changes_nothing_else(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show)
    office.cancel(ANNA, booking)

    office.refund(booking, 1250)

    assert (office.booking(booking)["refunded"], office.booking(booking)["status"]) == (1250, "CANCELLED")
    assert (office.free(show), office.violations()) == ([10], [])


def test_a_refund_before_the_payment_was_heard_of_waits_for_it(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 1)

    assert not office.refund(booking, 2500)
    office.pay(booking)
    assert office.refund(booking, 2500)

    assert (office.booking(booking)["status"], office.free(show)) == ("CANCELLED", [10])


@pytest.mark.parametrize("prices", [2500, 1])
def test_a_late_payment_that_has_gone_back_already_takes_no_places(office: BoxOffice, prices: int) -> None:
    show = office.show(10, prices=prices)
    booking = office.held(ANNA, show, 1)
    office.fail(booking)
    office.refund(booking, prices)

    office.pay(booking)

    assert (office.booking(booking)["status"], office.free(show)) == ("FAILED", [10])


def test_nothing_that_went_back_of_nothing_is_nothing(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10, prices=0))
    before = office.items()

    assert office.refund(booking, 0)

    assert office.items() == before


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_did_not_go_back_after_all_is_not_shown_in_whatever_order_it_is_heard(
    office: BoxOffice, order: tuple[int, ...]
) -> None:
    booking = confirmed(office, office.show(10), 2)
    words = (
        lambda: office.refund(booking, 3000, 3000, version=4),
        lambda: office.bounce(booking, 3000, 0, version=5),
        lambda: office.refund(booking, 1000, 1000, version=7),
    )

    assert all(words[at]() for at in (*order, *order))

    stored = office.booking(booking)
    assert (stored["refunded"], stored["status"], sold_back(office)) == (1000, "CONFIRMED", 1000)


def test_the_policy_pays_what_did_not_go_back_after_all(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show)
    office.refund(booking, 2000, version=4)
    office.bounce(booking, 2000, 0, version=5)

    assert office.cancel(ANNA, booking).json["refund"] == 1250


def test_a_booking_that_ended_for_its_money_stays_ended_and_shows_what_is_owed(office: BoxOffice) -> None:
    show = office.show(10)
    booking = confirmed(office, show)
    office.refund(booking, 2500, version=4)

    assert office.bounce(booking, 2500, 0, version=5)

    assert (office.booking(booking)["status"], office.booking(booking)["refunded"]) == ("CANCELLED", 0)
    assert (office.free(show), sold_back(office), office.violations()) == ([10], 0, [])


def sold_back(office: BoxOffice) -> int:
    """The only event's sum."""
    (sums,) = (one for one in office.items() if one["sk"] == "sales")
    return int(sums["refunded_EUR"])
