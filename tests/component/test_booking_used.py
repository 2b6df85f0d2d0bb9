"""A buyer does not get money back for a ticket that was used, or that is somebody else's by now."""

from collections.abc import Callable
from itertools import permutations

import pytest

from common import ids
from tests.component.test_booking_giving_back import ANNA, HALF, confirmed
from tests.support.box_office import BoxOffice
from tests.support.refusals import meanwhile

OTHER = ids.derive("somebody else")


def given_back(office: BoxOffice, booking: str) -> str:
    answer = office.cancel(ANNA, booking)
    return answer.problem if answer.status == 409 else str(answer.json["status"])


def test_an_admitted_ticket_is_not_given_back(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show, 2)
    office.door(booking, "k1", 3)

    answer = office.cancel(ANNA, booking)

    assert (answer.status, answer.problem, answer.json["ticket_ids"]) == (409, "ticket-used", ["k1"])
    assert (office.booking(booking)["status"], office.free(show), office.violations()) == ("CONFIRMED", [8], [])


def test_a_ticket_of_somebody_else_is_not_given_back(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show, 2)
    office.hand_on(booking, "k1", "k9", OTHER)

    answer = office.cancel(ANNA, booking)

    assert (answer.status, answer.problem, answer.json["ticket_ids"]) == (409, "ticket-passed-on", ["k9"])
    assert (office.booking(booking)["status"], office.free(show)) == ("CONFIRMED", [8])


def test_a_free_ticket_that_admitted_is_not_given_back_either(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10, prices=0))
    office.door(booking, "k1", 3)

    assert given_back(office, booking) == "ticket-used"


def test_an_admission_that_was_taken_back_counts_no_more(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10, **HALF))
    office.door(booking, "k1", 3)
    office.door(booking, "k1", 4, inside=False)

    assert given_back(office, booking) == "CANCELLED"


def test_a_ticket_that_came_back_can_be_given_back(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10, **HALF))
    office.hand_on(booking, "k1", "k2", OTHER)
    office.hand_on(booking, "k2", "k3", ANNA.user_id)

    assert given_back(office, booking) == "CANCELLED"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_in_whatever_order_and_how_often_the_words_come_the_newest_stands(
    office: BoxOffice, order: tuple[int, ...]
) -> None:
    booking = confirmed(office, office.show(10, **HALF), 2)
    admitted: list[Callable[[], object]] = [
        lambda: office.door(booking, "k1", 3),
        lambda: office.door(booking, "k1", 4, inside=False),
        lambda: office.hand_on(booking, "k2", "k3", OTHER),
        lambda: office.hand_on(booking, "k3", "k4", ANNA.user_id),
    ]

    for at in (*order, *order):
        admitted[at]()

    assert given_back(office, booking) == "CANCELLED"


def test_a_ticket_that_is_handed_on_keeps_what_the_door_said_of_it(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10, **HALF))
    office.door(booking, "k1", 3)
    office.door(booking, "k1", 4, inside=False)
    office.hand_on(booking, "k1", "k2", OTHER)
    office.hand_on(booking, "k2", "k3", ANNA.user_id)

    office.door(booking, "k1", 3)

    assert given_back(office, booking) == "CANCELLED"


def test_two_words_at_once_are_both_kept(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10, **HALF), 2)

    with meanwhile("UpdateItem", lambda: office.door(booking, "k2", 3)) as acted:
        assert office.door(booking, "k1", 3)

    assert acted
    assert office.cancel(ANNA, booking).json["ticket_ids"] == ["k1", "k2"]


def test_a_ticket_that_is_admitted_while_it_is_given_back_stays(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show)

    with meanwhile("TransactWriteItems", lambda: office.door(booking, "k1", 3)) as acted:
        assert given_back(office, booking) == "ticket-used"

    assert acted
    assert (office.booking(booking)["status"], office.violations()) == ("CONFIRMED", [])


def test_a_word_that_comes_after_the_booking_ended_changes_nothing_of_its_end(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show)
    office.cancel(ANNA, booking)

    assert office.door(booking, "k1", 3)

    assert (office.booking(booking)["status"], office.did(booking)[-1]) == ("CANCELLED", "withdraw")
    assert (office.free(show), office.violations()) == ([10], [])


def test_a_word_about_an_unknown_booking_comes_again(office: BoxOffice) -> None:
    assert not office.door(ids.derive("no booking"), "k1", 3)


def test_where_the_event_is_cancelled_a_used_ticket_is_paid_back(office: BoxOffice) -> None:
    show = office.show(10, **HALF)
    booking = confirmed(office, show)
    office.door(booking, "k1", 3)
    office.change_terms(show, status="CANCELLED", **HALF)

    assert office.cancel(ANNA, booking).json["refund"] == 2500


def test_the_organiser_may_pay_back_what_was_used(office: BoxOffice) -> None:
    booking = confirmed(office, office.show(10))
    office.door(booking, "k1", 3)

    assert office.refund(booking, 2500)

    assert office.booking(booking)["status"] == "CANCELLED"
