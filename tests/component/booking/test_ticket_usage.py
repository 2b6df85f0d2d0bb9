"""Checked-in and transferred tickets block a refund by the buyer."""

from collections.abc import Callable
from itertools import permutations

import pytest

from common import ids
from tests.component.booking.test_buyer_cancellation import ANNA, HALF_REFUND, confirmed_booking
from tests.support.drivers.booking_driver import BookingDriver
from tests.support.faults.aws_errors import interleaved

OTHER = ids.derive("another user")


def cancel_outcome(driver: BookingDriver, booking: str) -> str:
    answer = driver.cancel(ANNA, booking)
    return answer.problem if answer.status == 409 else str(answer.json["status"])


def test_booking_with_used_ticket_is_not_cancellable(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event, 2)
    driver.ticket_checked_in(booking, "k1", 3)

    answer = driver.cancel(ANNA, booking)

    assert (answer.status, answer.problem, answer.json["ticket_ids"]) == (409, "ticket-used", ["k1"])
    assert (driver.booking(booking)["status"], driver.available(event), driver.violations()) == ("CONFIRMED", [8], [])


def test_booking_with_transferred_ticket_is_not_cancellable(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event, 2)
    driver.ticket_transferred(booking, "k1", "k9", OTHER)

    answer = driver.cancel(ANNA, booking)

    assert (answer.status, answer.problem, answer.json["ticket_ids"]) == (409, "ticket-transferred", ["k9"])
    assert (driver.booking(booking)["status"], driver.available(event)) == ("CONFIRMED", [8])


def test_free_booking_with_used_ticket_is_not_cancellable(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10, prices=0))
    driver.ticket_checked_in(booking, "k1", 3)

    assert cancel_outcome(driver, booking) == "ticket-used"


def test_undone_check_in_allows_cancellation(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10, **HALF_REFUND))
    driver.ticket_checked_in(booking, "k1", 3)
    driver.ticket_checked_in(booking, "k1", 4, checked_in=False)

    assert cancel_outcome(driver, booking) == "CANCELLED"


def test_returned_ticket_allows_cancellation(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10, **HALF_REFUND))
    driver.ticket_transferred(booking, "k1", "k2", OTHER)
    driver.ticket_transferred(booking, "k2", "k3", ANNA.user_id)

    assert cancel_outcome(driver, booking) == "CANCELLED"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_newest_ticket_event_wins_in_any_order(driver: BookingDriver, order: tuple[int, ...]) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10, **HALF_REFUND), 2)
    deliveries: list[Callable[[], object]] = [
        lambda: driver.ticket_checked_in(booking, "k1", 3),
        lambda: driver.ticket_checked_in(booking, "k1", 4, checked_in=False),
        lambda: driver.ticket_transferred(booking, "k2", "k3", OTHER),
        lambda: driver.ticket_transferred(booking, "k3", "k4", ANNA.user_id),
    ]

    for at in (*order, *order):
        deliveries[at]()

    assert cancel_outcome(driver, booking) == "CANCELLED"


def test_transferred_ticket_keeps_check_in_version(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10, **HALF_REFUND))
    driver.ticket_checked_in(booking, "k1", 3)
    driver.ticket_checked_in(booking, "k1", 4, checked_in=False)
    driver.ticket_transferred(booking, "k1", "k2", OTHER)
    driver.ticket_transferred(booking, "k2", "k3", ANNA.user_id)

    driver.ticket_checked_in(booking, "k1", 3)

    assert cancel_outcome(driver, booking) == "CANCELLED"


def test_concurrent_ticket_events_are_both_recorded(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10, **HALF_REFUND), 2)

    with interleaved("UpdateItem", lambda: driver.ticket_checked_in(booking, "k2", 3)) as acted:
        assert driver.ticket_checked_in(booking, "k1", 3)

    assert acted
    assert driver.cancel(ANNA, booking).json["ticket_ids"] == ["k1", "k2"]


def test_check_in_during_cancellation_prevents_it(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event)

    with interleaved("TransactWriteItems", lambda: driver.ticket_checked_in(booking, "k1", 3)) as acted:
        assert cancel_outcome(driver, booking) == "ticket-used"

    assert acted
    assert (driver.booking(booking)["status"], driver.violations()) == ("CONFIRMED", [])


def test_ticket_event_after_cancellation_changes_no_status(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event)
    driver.cancel(ANNA, booking)

    assert driver.ticket_checked_in(booking, "k1", 3)

    assert (driver.booking(booking)["status"], driver.actions(booking)[-1]) == ("CANCELLED", "cancel_by_policy")
    assert (driver.available(event), driver.violations()) == ([10], [])


def test_ticket_event_for_unknown_booking_is_retried(driver: BookingDriver) -> None:
    assert not driver.ticket_checked_in(ids.derive("no booking"), "k1", 3)


def test_used_ticket_of_cancelled_event_is_refunded(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event)
    driver.ticket_checked_in(booking, "k1", 3)
    driver.change_terms(event, status="CANCELLED", **HALF_REFUND)

    assert driver.cancel(ANNA, booking).json["refund"] == 2500


def test_organiser_may_refund_used_ticket(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10))
    driver.ticket_checked_in(booking, "k1", 3)

    assert driver.payment_refunded(booking, 2500)

    assert driver.booking(booking)["status"] == "CANCELLED"
