"""Confirmed bookings that are cancelled: by the buyer within the refund policy, or by a full refund."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from common import outbox
from tests.support.drivers.booking_driver import START, STARTS, BookingDriver
from tests.support.faults.aws_errors import interleaved
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.system import Person

ANNA = Person()
HALF_REFUND: dict[str, Any] = {"refund_percent": 50, "refund_hours": 48}


def confirmed_booking(driver: BookingDriver, event: EventFixture, qty: int = 1) -> str:
    booking = driver.hold(ANNA, event, qty)
    driver.payment_succeeded(booking)
    return booking


@pytest.mark.parametrize(
    ("percent", "prices", "refund"), [(50, 2500, 1250), (100, 2500, 2500), (33, 100, 33), (1, 99, 0)]
)
def test_confirmed_booking_is_refunded_by_policy(driver: BookingDriver, percent: int, prices: int, refund: int) -> None:
    event = driver.publish_event(10, prices=prices, refund_percent=percent, refund_hours=48)
    booking = confirmed_booking(driver, event)

    answer = driver.cancel(ANNA, booking)

    assert (answer.status, answer.json["status"], answer.json["refund"]) == (200, "CANCELLED", refund)
    assert driver.actions(booking) == ["order", "confirm", "cancel_by_policy"]
    (bus_event,) = outbox.outbox_events(driver.booking(booking))
    assert bus_event.model_dump(include={"reason", "refund"}) == {"reason": "buyer", "refund": refund}
    assert (driver.available(event), driver.held_places(event, ANNA), driver.violations()) == ([10], 0, [])


def test_repeated_buyer_cancellation_releases_places_once(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event, 2)

    first, second = driver.cancel(ANNA, booking), driver.cancel(ANNA, booking)

    assert (first.json, driver.available(event), driver.violations()) == (second.json, [10], [])


def test_concurrent_buyer_cancellations_cancel_once(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event, 2)

    with interleaved("TransactWriteItems", lambda: driver.cancel(ANNA, booking)):
        answer = driver.cancel(ANNA, booking)

    assert (answer.json["status"], driver.actions(booking).count("cancel_by_policy"), driver.violations()) == (
        "CANCELLED",
        1,
        [],
    )


def test_refund_policy_ends_before_event_start(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    first, second = confirmed_booking(driver, event), confirmed_booking(driver, event)
    driver.advance((STARTS - START - timedelta(hours=48)).total_seconds())

    assert driver.cancel(ANNA, first).status == 200
    driver.advance(1)
    answer = driver.cancel(ANNA, second)

    assert (answer.status, answer.problem, answer.json["refund_percent"]) == (409, "not-refundable", 50)
    assert answer.json["refundable_until"] == (STARTS - timedelta(hours=48)).isoformat()
    assert (driver.booking(second)["status"], driver.violations()) == ("CONFIRMED", [])


def test_paid_booking_without_policy_is_not_refundable(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10))

    answer = driver.cancel(ANNA, booking)

    assert (answer.status, answer.problem, driver.booking(booking)["status"]) == (409, "not-refundable", "CONFIRMED")


def test_free_booking_is_cancellable_until_start(driver: BookingDriver) -> None:
    event = driver.publish_event(10, prices=0)
    first, second = confirmed_booking(driver, event), confirmed_booking(driver, event)
    driver.advance((STARTS - START).total_seconds() - 1)

    assert driver.cancel(ANNA, first).json["refund"] == 0
    driver.advance(1)
    assert driver.cancel(ANNA, second).problem == "not-refundable"


def test_cancelled_event_overrides_refund_policy(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    whole, partly_refunded = confirmed_booking(driver, event), confirmed_booking(driver, event)
    driver.payment_refunded(partly_refunded, 1000)
    driver.change_terms(event, status="CANCELLED", **HALF_REFUND)

    assert [driver.cancel(ANNA, one).json["refund"] for one in (whole, partly_refunded)] == [2500, 1500]


def test_refund_excludes_earlier_refunds(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event)
    driver.payment_refunded(booking, 2000)

    assert driver.cancel(ANNA, booking).json["refund"] == 500


def test_booking_changed_during_cancellation_is_reread(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 1)

    with interleaved("TransactWriteItems", lambda: driver.extend(ANNA, booking)):
        answer = driver.cancel(ANNA, booking)

    assert (answer.json["status"], driver.actions(booking)) == ("CANCELLED", ["order", "extend", "cancel"])


def test_partial_refund_during_cancellation_is_paid_once(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event)

    with interleaved("TransactWriteItems", lambda: driver.payment_refunded(booking, 2000)) as acted:
        answer = driver.cancel(ANNA, booking)

    assert acted
    assert (answer.json["status"], answer.json["refund"], driver.violations()) == ("CANCELLED", 500, [])


def test_refunded_total_is_shown(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10), 2)

    for sums in (1000, 3000, 1000, 3000):
        assert driver.payment_refunded(booking, 500, sums)

    stored = driver.booking(booking)
    assert (stored["refunded"], stored["status"], driver.actions(booking)) == (3000, "CONFIRMED", ["order", "confirm"])
    assert refunded_total(driver) == 3000
    assert driver.system.http(f"GET /v1/bookings/{booking}", by=ANNA).json["refunded"] == 3000


def test_full_refund_cancels_booking(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = confirmed_booking(driver, event, 2)
    driver.payment_refunded(booking, 2000)

    for _ in range(2):
        assert driver.payment_refunded(booking, 3000, 5000)

    (bus_event,) = outbox.outbox_events(driver.booking(booking))
    assert bus_event.model_dump(include={"reason", "refund"}) == {"reason": "refunded", "refund": None}
    assert (driver.actions(booking), driver.booking(booking)["refunded"]) == (["order", "confirm", "refund"], 5000)
    assert (driver.available(event), driver.held_places(event, ANNA), driver.violations()) == ([10], 0, [])
    assert refunded_total(driver) == 5000


def test_concurrent_refund_events_are_summed_once(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10), 2)

    with interleaved("TransactWriteItems", lambda: driver.payment_refunded(booking, 2000, 2000, version=4)) as acted:
        first = driver.payment_refunded(booking, 1000, 1000, version=3)

    assert (acted, first) == (["TransactWriteItems"], False)
    assert driver.payment_refunded(booking, 1000, 1000, version=3), "it comes again, and is known to be older"
    assert (driver.booking(booking)["refunded"], refunded_total(driver)) == (2000, 2000)


def test_stale_refund_event_after_cancellation_changes_nothing(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10), 2)
    driver.payment_refunded(booking, 4000, 5000, version=6)

    assert driver.refund_failed(booking, 1000, 0, version=5)

    assert (driver.booking(booking)["refunded"], refunded_total(driver)) == (5000, 5000)


def test_refund_of_cancelled_booking_only_updates_total(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event)
    driver.cancel(ANNA, booking)

    driver.payment_refunded(booking, 1250)

    assert (driver.booking(booking)["refunded"], driver.booking(booking)["status"]) == (1250, "CANCELLED")
    assert (driver.available(event), driver.violations()) == ([10], [])


def test_refund_before_payment_is_retried(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 1)

    assert not driver.payment_refunded(booking, 2500)
    driver.payment_succeeded(booking)
    assert driver.payment_refunded(booking, 2500)

    assert (driver.booking(booking)["status"], driver.available(event)) == ("CANCELLED", [10])


@pytest.mark.parametrize("prices", [2500, 1])
def test_refunded_late_payment_reserves_no_places(driver: BookingDriver, prices: int) -> None:
    event = driver.publish_event(10, prices=prices)
    booking = driver.hold(ANNA, event, 1)
    driver.payment_failed(booking)
    driver.payment_refunded(booking, prices)

    driver.payment_succeeded(booking)

    assert (driver.booking(booking)["status"], driver.available(event)) == ("FAILED", [10])


def test_refund_of_free_booking_changes_nothing(driver: BookingDriver) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10, prices=0))
    before = driver.items()

    assert driver.payment_refunded(booking, 0)

    assert driver.items() == before


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_failed_refund_is_subtracted_in_any_order(driver: BookingDriver, order: tuple[int, ...]) -> None:
    booking = confirmed_booking(driver, driver.publish_event(10), 2)
    deliveries = (
        lambda: driver.payment_refunded(booking, 3000, 3000, version=4),
        lambda: driver.refund_failed(booking, 3000, 0, version=5),
        lambda: driver.payment_refunded(booking, 1000, 1000, version=7),
    )

    assert all(deliveries[at]() for at in (*order, *order))

    stored = driver.booking(booking)
    assert (stored["refunded"], stored["status"], refunded_total(driver)) == (1000, "CONFIRMED", 1000)


def test_failed_refund_is_due_again_by_policy(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **HALF_REFUND)
    booking = confirmed_booking(driver, event)
    driver.payment_refunded(booking, 2000, version=4)
    driver.refund_failed(booking, 2000, 0, version=5)

    assert driver.cancel(ANNA, booking).json["refund"] == 1250


def test_failed_refund_keeps_booking_cancelled(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = confirmed_booking(driver, event)
    driver.payment_refunded(booking, 2500, version=4)

    assert driver.refund_failed(booking, 2500, 0, version=5)

    assert (driver.booking(booking)["status"], driver.booking(booking)["refunded"]) == ("CANCELLED", 0)
    assert (driver.available(event), refunded_total(driver), driver.violations()) == ([10], 0, [])


def refunded_total(driver: BookingDriver) -> int:
    """The refund total of the only event."""
    (sums,) = (one for one in driver.items() if one["sk"] == "sales")
    return int(sums["refunded_EUR"])
