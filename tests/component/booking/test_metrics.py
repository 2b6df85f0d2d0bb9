"""Metrics of booking: dashboards and alarms use these names."""

from collections.abc import Callable

import pytest

from common import ids
from tests.component.booking.test_event_cancellation import deliver_cancellation, run_to_completion
from tests.support.drivers.booking_driver import BookingDriver
from tests.support.faults.aws_errors import interleaved
from tests.support.system.log_capture import RecordedMetrics
from tests.support.system.system import Person

ANNA, BEN = Person(), Person()
OLGA = Person("organiser", user_id="o1")
FULL_REFUND = {"refund_percent": 100}


def confirmed_booking(driver: BookingDriver, qty: int = 1) -> str:
    booking = driver.hold(ANNA, driver.publish_event(10, **FULL_REFUND), qty)
    driver.payment_succeeded(booking)
    return booking


def test_replayed_order_counts_no_places(driver: BookingDriver, metrics: RecordedMetrics) -> None:
    event = driver.publish_event(10)

    for _ in range(2):
        driver.hold(ANNA, event, 3, key="k1")

    assert metrics == [("PlacesHeld", 3)]


def test_payment_outcomes_are_counted(driver: BookingDriver, metrics: RecordedMetrics) -> None:
    event = driver.publish_event(3)
    in_time, late, rejected = (driver.hold(ANNA, event, 1) for _ in range(3))
    for booking in (late, rejected):
        driver.payment_failed(booking)
    metrics.clear()

    driver.payment_succeeded(in_time, "p1")
    driver.payment_succeeded(late, "p2")
    driver.hold(BEN, event, 1)
    driver.payment_succeeded(rejected, "p3")

    counted = [name for name, _ in metrics]
    assert counted == ["BookingsConfirmed", "BookingsConfirmedLate", "PlacesHeld", "LatePaymentsRejected"]


@pytest.mark.parametrize("paid", [True, False])
def test_buyer_cancellation_is_counted_once(driver: BookingDriver, metrics: RecordedMetrics, paid: bool) -> None:
    booking = confirmed_booking(driver) if paid else driver.hold(ANNA, driver.publish_event(10), 1)
    metrics.clear()

    for _ in range(2):
        driver.cancel(ANNA, booking)

    assert metrics == [("BookingsCancelled", 1)]


@pytest.mark.parametrize("end", [BookingDriver.payment_failed, BookingDriver.expire_hold])
def test_expired_hold_is_counted_with_lateness(
    driver: BookingDriver, metrics: RecordedMetrics, end: Callable[[BookingDriver, str], bool]
) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)
    driver.advance(1000)
    metrics.clear()

    for _ in range(2):
        assert end(driver, booking)

    assert metrics == [("HoldLateness", 400), ("BookingsEnded", 1)]


def test_declined_hold_has_no_lateness(driver: BookingDriver, metrics: RecordedMetrics) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)
    metrics.clear()

    driver.payment_failed(booking, "declined")

    assert metrics == [("HoldLateness", 0), ("BookingsEnded", 1)]


def test_revoked_booking_has_no_hold_lateness(driver: BookingDriver, metrics: RecordedMetrics) -> None:
    booking = confirmed_booking(driver)
    metrics.clear()

    driver.tickets_rejected(booking)

    assert metrics == [("BookingsEnded", 1)]


def test_only_actual_capacity_changes_are_counted(driver: BookingDriver, metrics: RecordedMetrics) -> None:
    event = driver.publish_event(10)

    for _ in range(2):
        driver.set_capacity(OLGA, event, 20)

    assert metrics == [("CapacitiesChanged", 1)]


def test_bookings_cancelled_with_event_are_counted(driver: BookingDriver, metrics: RecordedMetrics) -> None:
    event = driver.publish_event(10)
    for who in (ANNA, BEN):
        driver.hold(who, event, 1)
    metrics.clear()

    run_to_completion(driver, event)

    assert metrics == [("BookingsCancelledWithEvent", 1)] * 2


def test_stale_checkpoint_is_counted(driver: BookingDriver, metrics: RecordedMetrics) -> None:
    event = driver.publish_event(10)
    deliver_cancellation(driver, event)

    with interleaved("UpdateItem", lambda: deliver_cancellation(driver, event)):
        deliver_cancellation(driver, event)

    assert metrics == [("StaleCheckpoint", 1)]


def deliver_ticket_events(driver: BookingDriver, booking: str, *kinds: str) -> None:
    for kind in kinds:
        if kind == "transferred":
            driver.ticket_transferred(booking, "k1", "k2", ids.derive("another user"))
        else:
            driver.ticket_checked_in(booking, "k1", 3 if kind == "checked in" else 4, checked_in=kind == "checked in")


@pytest.mark.parametrize("kind", ["checked in", "transferred"])
def test_late_ticket_usage_is_counted(driver: BookingDriver, metrics: RecordedMetrics, kind: str) -> None:
    booking = confirmed_booking(driver)
    driver.cancel(ANNA, booking)
    metrics.clear()

    deliver_ticket_events(driver, booking, kind)

    assert metrics == [("LateTicketUsage", 1)]


def test_timely_ticket_usage_is_not_counted(driver: BookingDriver, metrics: RecordedMetrics) -> None:
    booking = confirmed_booking(driver)
    metrics.clear()

    deliver_ticket_events(driver, booking, "checked in", "transferred")

    assert metrics == []


def test_undone_check_in_is_no_late_usage(driver: BookingDriver, metrics: RecordedMetrics) -> None:
    booking = confirmed_booking(driver)
    driver.cancel(ANNA, booking)
    metrics.clear()

    deliver_ticket_events(driver, booking, "undone", "checked in")

    assert metrics == []
