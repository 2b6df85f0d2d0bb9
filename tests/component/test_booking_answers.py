"""What becomes of a booking: paid, unpaid, late, cancelled, rejected, in every order and more than once."""

from collections.abc import Callable
from typing import Any

import pytest

from common import outbox
from common.bus.booking import BookingConfirmed
from tests.support.box_office import BACKSTOP, ENDS, HOLD, START, BoxOffice, Show
from tests.support.refusals import losing_a_reply, meanwhile
from tests.support.system import Person

ANNA, BEN = Person(), Person()


def test_a_payment_in_time_confirms(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    office.wait(5)

    assert office.pay(booking)

    stored = office.booking(booking)
    assert (stored["status"], stored["payment_id"], stored["version"]) == ("CONFIRMED", "p1", 2)
    assert stored["confirmed_at"] == "2026-05-01T12:00:05.000Z"
    assert office.told(booking) == [("BookingConfirmed", None)]
    assert (office.free(show), office.violations()) == ([8], [])


def test_a_confirmed_booking_tells_its_items_and_price(office: BoxOffice) -> None:
    show = office.show(10, 10)
    booking = office.held(ANNA, show, 1, 2)
    office.pay(booking)

    (event,) = outbox.published(office.booking(booking))

    assert isinstance(event, BookingConfirmed)
    assert {item.event_type_id: item.qty for item in event.items} == dict(zip(show.types, [1, 2], strict=True))
    assert (event.prices, event.currency, event.user_id) == (7500, "EUR", ANNA.user_id)


@pytest.mark.parametrize("message", ["m1", None])
def test_a_payment_that_is_told_twice_confirms_once(office: BoxOffice, message: str | None) -> None:
    booking = office.held(ANNA, office.show(10), 2)
    office.pay(booking, message=message)
    before = office.items()

    assert office.pay(booking, message=message)

    assert office.items() == before


def test_a_payment_after_the_deadline_but_before_the_end_confirms(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 2)
    office.wait(HOLD + 60)

    office.pay(booking)

    assert office.did(booking) == ["order", "confirm"]


@pytest.mark.parametrize(
    ("reason", "status", "told"),
    [
        ("expired", "EXPIRED", ("BookingExpired", None)),
        ("declined", "FAILED", ("BookingFailed", "declined")),
        ("amount_mismatch", "FAILED", ("BookingFailed", "amount_mismatch")),
    ],
)
def test_what_is_not_paid_gives_its_places_back_once(
    office: BoxOffice, reason: str, status: str, told: tuple[str, str | None]
) -> None:
    show = office.show(10, 10)
    booking = office.held(ANNA, show, 1, 2)

    assert office.fail(booking, reason)
    assert office.fail(booking, reason)

    assert (office.booking(booking)["status"], office.told(booking)) == (status, [told])
    assert (office.free(show), office.limit(show, ANNA), office.violations()) == ([10, 10], 0, [])


def test_a_failure_after_the_payment_changes_nothing(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 2)
    office.pay(booking)
    before = office.items()

    assert office.fail(booking)
    assert office.fail(booking, "declined")

    assert office.items() == before


@pytest.mark.parametrize("reason", ["expired", "declined"])
def test_a_late_payment_takes_the_places_once_more_where_there_is_room(office: BoxOffice, reason: str) -> None:
    show = office.show(10, 10)
    booking = office.held(ANNA, show, 1, 2)
    office.fail(booking, reason)
    office.wait(9)

    assert office.pay(booking)

    stored = office.booking(booking)
    assert (stored["status"], stored["payment_id"], office.did(booking)[-1]) == ("CONFIRMED", "p1", "confirm_late")
    assert (office.free(show), office.limit(show, ANNA), office.violations()) == ([9, 8], 3, [])
    assert office.told(booking) == [("BookingConfirmed", None)]


def test_a_free_booking_that_is_answered_late_takes_its_places_once_more(office: BoxOffice) -> None:
    show = office.show(10, prices=0)
    booking = office.held(ANNA, show, 2)
    office.fail(booking)

    assert office.pay(booking)

    assert (office.booking(booking)["status"], office.free(show), office.violations()) == ("CONFIRMED", [8], [])


def test_a_late_payment_is_answered_once(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    office.fail(booking)
    office.pay(booking)
    before = office.items()

    assert office.pay(booking)
    assert office.fail(booking)

    assert office.items() == before


def sold_since(office: BoxOffice, show: Show) -> None:
    office.held(BEN, show, 2)


def booked_again(office: BoxOffice, show: Show) -> None:
    office.held(ANNA, show, 1)


def event_cancelled(office: BoxOffice, show: Show) -> None:
    office.change_terms(show, [3], max_per_user=2, status="CANCELLED")


def event_ended(office: BoxOffice, show: Show) -> None:
    office.change_terms(show, [3], max_per_user=2, status="ENDED")


def event_over(office: BoxOffice, show: Show) -> None:
    office.wait((ENDS - START).total_seconds())


REFUSALS: list[tuple[Callable[[BoxOffice, Show], None], str]] = [
    (sold_since, "no_room"),
    (booked_again, "limit_reached"),
    (event_cancelled, "sale_closed"),
    (event_ended, "sale_closed"),
    (event_over, "sale_closed"),
]


@pytest.mark.parametrize(("since", "reason"), REFUSALS)
@pytest.mark.parametrize("ended", ["expired", "declined"])
def test_a_late_payment_that_cannot_be_honoured_is_answered_with_failure(
    office: BoxOffice, since: Callable[[BoxOffice, Show], None], reason: str, ended: str
) -> None:
    show = office.show(3, max_per_user=2)
    booking = office.held(ANNA, show, 2)
    office.fail(booking, ended)
    since(office, show)
    free = office.free(show)

    assert office.pay(booking)

    stored = office.booking(booking)
    assert (stored["status"], stored["payment_id"], office.did(booking)[-1]) == ("FAILED", "p1", "refuse")
    assert office.told(booking) == [("BookingFailed", reason)]
    assert (office.free(show), office.violations()) == (free, [])


def test_a_refused_late_payment_is_refused_once(office: BoxOffice) -> None:
    show = office.show(2)
    booking = office.held(ANNA, show, 2)
    office.fail(booking)
    sold_since(office, show)
    office.pay(booking)
    before = office.items()

    assert office.pay(booking)

    assert office.items() == before


def test_a_payment_for_a_cancelled_booking_goes_back(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    office.cancel(ANNA, booking)

    assert office.pay(booking)

    assert office.told(booking) == [("BookingFailed", "cancelled")]
    assert (office.booking(booking)["status"], office.free(show), office.violations()) == ("FAILED", [10], [])


def test_a_payment_in_time_counts_even_when_the_event_is_over(office: BoxOffice) -> None:
    show = office.show(10)
    office.wait((ENDS - START).total_seconds() - 1)
    booking = office.held(ANNA, show, 2)
    office.wait(60)

    assert office.pay(booking)

    assert office.booking(booking)["status"] == "CONFIRMED"


def test_a_pause_of_the_sale_does_not_turn_late_money_away(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    office.fail(booking)
    office.change_terms(show, statuses={0: "PAUSED"})

    office.pay(booking)

    assert (office.booking(booking)["status"], office.free(show)) == ("CONFIRMED", [8])


def test_a_new_price_does_not_change_what_was_held(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    office.fail(booking)
    office.change_terms(show, prices=9900)

    office.pay(booking)

    stored = office.booking(booking)
    assert (stored["status"], stored["prices"], stored["items"][0]["unit_price"]) == ("CONFIRMED", 5000, 2500)


def test_a_late_payment_waits_while_the_terms_change(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    office.fail(booking)

    with meanwhile("TransactWriteItems", lambda: office.change_terms(show, prices=1)) as acted:
        acknowledged = office.pay(booking)

    assert (acted, acknowledged, office.booking(booking)["status"]) == (["TransactWriteItems"], False, "EXPIRED")
    assert office.pay(booking)
    assert (office.booking(booking)["status"], office.free(show)) == ("CONFIRMED", [8])


def test_a_cancelled_event_is_not_confirmed_over(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    office.fail(booking)

    with meanwhile("TransactWriteItems", lambda: office.change_terms(show, status="CANCELLED")):
        assert not office.pay(booking)

    assert office.pay(booking)
    assert office.told(booking) == [("BookingFailed", "sale_closed")]


def test_a_hold_that_ends_while_it_is_paid_is_taken_once_more(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)

    with meanwhile("UpdateItem", lambda: office.fail(booking)) as acted:
        assert office.pay(booking)

    assert (acted, office.did(booking)) == (["UpdateItem"], ["order", "expire", "confirm_late"])
    assert (office.free(show), office.violations()) == ([8], [])


def test_a_booking_that_is_cancelled_while_it_is_paid_is_paid_back(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)

    with meanwhile("UpdateItem", lambda: office.cancel(ANNA, booking)):
        assert office.pay(booking)

    assert office.told(booking) == [("BookingFailed", "cancelled")]
    assert (office.free(show), office.violations()) == ([10], [])


def test_a_booking_that_is_paid_while_it_expires_stays_paid(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)

    with meanwhile("TransactWriteItems", lambda: office.pay(booking)):
        acknowledged = office.fail(booking)

    assert (acknowledged, office.fail(booking)) == (False, True)
    assert (office.booking(booking)["status"], office.free(show), office.violations()) == ("CONFIRMED", [8], [])


def test_two_ends_at_once_give_back_once(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    office.wait(HOLD + BACKSTOP)

    with meanwhile("TransactWriteItems", lambda: office.wake(booking)):
        office.fail(booking)

    assert (office.did(booking), office.free(show), office.violations()) == (["order", "expire"], [10], [])


@pytest.mark.moto
@pytest.mark.parametrize("operation", ["UpdateItem", "TransactWriteItems"])
def test_a_lost_reply_to_a_confirmation_changes_nothing(office: BoxOffice, operation: str) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    if operation == "TransactWriteItems":
        office.fail(booking)

    with losing_a_reply("dynamodb", operation) as sent:
        office.pay(booking, message="m1")
    assert office.pay(booking, message="m1")

    assert sent == [1, 2]
    assert (office.booking(booking)["status"], office.told(booking)) == ("CONFIRMED", [("BookingConfirmed", None)])
    assert (office.free(show), office.limit(show, ANNA), office.violations()) == ([8], 2, [])


@pytest.mark.moto
def test_a_lost_reply_to_an_end_gives_back_once(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)

    with losing_a_reply("dynamodb", "TransactWriteItems") as sent:
        office.fail(booking, message="m1")
    assert office.fail(booking, message="m1")

    assert (sent, office.free(show), office.did(booking)) == ([1, 2], [10], ["order", "expire"])


def test_tickets_that_cannot_be_made_revoke_the_booking(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    office.pay(booking)

    assert office.reject(booking)
    assert office.reject(booking)

    assert (office.booking(booking)["status"], office.did(booking)[-1]) == ("CANCELLED", "revoke")
    assert office.told(booking) == [("BookingCancelled", "ticket_rejected")]
    assert (office.free(show), office.limit(show, ANNA), office.violations()) == ([10], 0, [])


def test_a_rejection_does_not_end_what_was_not_confirmed(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 2)

    assert office.reject(booking)

    assert office.booking(booking)["status"] == "PENDING"


def test_after_a_rejection_the_payment_is_not_honoured_again(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 2)
    office.pay(booking)
    office.reject(booking)
    before = office.items()

    assert office.pay(booking)

    assert office.items() == before


@pytest.mark.parametrize("after", [0, HOLD - 1, HOLD, HOLD + BACKSTOP - 1])
def test_the_back_stop_waits_for_payment_to_answer_first(office: BoxOffice, after: int) -> None:
    booking = office.held(ANNA, office.show(10), 2)
    office.wait(after)

    assert office.wake(booking)

    assert office.booking(booking)["status"] == "PENDING"
    ((function, _, delay),) = office.system.sent
    assert (function, delay) == ("booking.expire_hold", min(900, HOLD + BACKSTOP - after))


def test_the_back_stop_ends_a_hold_that_nobody_answered_for(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)
    office.wait(HOLD + BACKSTOP)

    assert office.wake(booking)
    assert office.wake(booking)

    assert (office.did(booking), office.booking(booking)["logs"][1]["by"]) == (["order", "expire"], "backstop")
    assert office.told(booking) == [("BookingExpired", None)]
    assert (office.free(show), office.limit(show, ANNA), office.system.sent) == ([10], 0, [])


@pytest.mark.parametrize("early", [True, False])
def test_the_back_stop_leaves_alone_what_was_answered(office: BoxOffice, early: bool) -> None:
    show = office.show(10)
    bookings = [office.held(person, show, 1) for person in (ANNA, BEN, Person())]
    office.pay(bookings[0])
    office.fail(bookings[1], "declined")
    office.cancel(Person(user_id=office.booking(bookings[2])["user_id"]), bookings[2])
    office.wait(1 if early else HOLD + BACKSTOP + 1)
    before = office.items()

    assert [office.wake(booking) for booking in bookings] == [True] * 3

    assert (office.items(), office.system.sent) == (before, [])


def test_a_message_about_a_booking_that_is_not_there_comes_again(office: BoxOffice) -> None:
    office.show(10)
    before = office.items()

    acts: list[Any] = [office.pay, office.fail, office.reject, office.wake]
    assert [act("no-such-booking") for act in acts] == [False] * 4

    assert office.items() == before


def test_how_late_a_hold_ended_is_measured(office: BoxOffice, capsys: pytest.CaptureFixture[str]) -> None:
    booking = office.held(ANNA, office.show(10), 2)
    office.wait(HOLD + 7)

    office.fail(booking)

    assert '"HoldLateness":[7.0]' in capsys.readouterr().out.replace(" ", "")
