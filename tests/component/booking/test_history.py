"""A booking's history: actions and actors, one correlation id, stable ids."""

from collections.abc import Callable

import pytest

from common import outbox
from tests.component.booking.test_event_cancellation import deliver_cancellation, run_to_completion
from tests.support.drivers.booking_driver import BACKSTOP_SECONDS, HOLD_SECONDS, BookingDriver
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.system import Person

ANNA = Person(user_id="11111111-1111-4111-8111-111111111111")
FULL_REFUND = {"refund_percent": 100}


def extend(driver: BookingDriver, booking: str) -> None:
    driver.extend(ANNA, booking)


def cancel(driver: BookingDriver, booking: str) -> None:
    driver.cancel(ANNA, booking)


def pay(driver: BookingDriver, booking: str) -> None:
    driver.payment_succeeded(booking)


def expire(driver: BookingDriver, booking: str) -> None:
    driver.payment_failed(booking)


def decline(driver: BookingDriver, booking: str) -> None:
    driver.payment_failed(booking, "declined")


def wake(driver: BookingDriver, booking: str) -> None:
    driver.advance(HOLD_SECONDS + BACKSTOP_SECONDS)
    driver.expire_hold(booking)


def reject(driver: BookingDriver, booking: str) -> None:
    driver.tickets_rejected(booking)


def refund_all(driver: BookingDriver, booking: str) -> None:
    driver.payment_refunded(booking, 2500)


HISTORIES: list[tuple[list[Callable[[BookingDriver, str], None]], str]] = [
    ([extend, cancel], "extend by buyer, cancel by buyer"),
    ([pay, cancel], "confirm by payment, cancel_by_policy by buyer"),
    ([pay, reject], "confirm by payment, revoke by ticket"),
    ([pay, refund_all], "confirm by payment, refund by payment"),
    ([expire, pay], "expire by payment, confirm_late by payment"),
    ([decline, pay], "fail by payment, confirm_late by payment"),
    ([cancel, pay], "cancel by buyer, reject_late_payment by payment"),
    ([wake], "expire by backstop"),
]


@pytest.mark.parametrize(("acts", "history"), HISTORIES, ids=[history for _, history in HISTORIES])
def test_log_entries_name_action_and_actor(
    driver: BookingDriver, acts: list[Callable[[BookingDriver, str], None]], history: str
) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10, **FULL_REFUND), 1)

    for act in acts:
        act(driver, booking)

    logs = driver.system.http(f"GET /v1/bookings/{booking}", by=ANNA).json["logs"]
    assert [one["version"] for one in logs] == list(range(1, len(acts) + 2))
    assert ", ".join(f"{one['action']} by {one['actor']}" for one in logs) == f"order by buyer, {history}"


def test_booking_events_share_the_orders_correlation_id(driver: BookingDriver) -> None:
    event = driver.publish_event(10, **FULL_REFUND)
    booking = driver.hold(ANNA, event, 1)
    correlation_ids = [one.correlation_id for one in outbox.outbox_events(driver.booking(booking))]

    for act in (extend, pay, cancel):
        act(driver, booking)
        correlation_ids += [one.correlation_id for one in outbox.outbox_events(driver.booking(booking))]

    assert (len(correlation_ids), len(set(correlation_ids))) == (4, 1)
    assert correlation_ids[0] != "c1", "the id of the other services' messages"


def test_event_cancellation_keeps_each_bookings_correlation_id(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    bookings = [driver.hold(Person(), event, 1) for _ in range(3)]
    ordered = {one: driver.booking(one)["correlation_id"] for one in bookings}

    deliver_cancellation(driver, event)
    run_to_completion(driver, event)

    ended = {one: outbox.outbox_events(driver.booking(one))[0].correlation_id for one in bookings}
    assert ended == ordered


def test_ids_of_keyed_order_are_stable_across_releases(driver: BookingDriver) -> None:
    """A retry may reach a later release, and ids stored by clients must stay valid."""
    event = EventFixture("22222222-2222-4222-8222-222222222222", ("33333333-3333-4333-8333-333333333333",))
    driver.deliver_terms(event, [10])

    body = driver.order(ANNA, event, 1, key="k1").json

    assert body["id"] == "3c98f323-0207-581d-b6b5-21b58c9910b9"
    assert [one["id"] for one in body["items"]] == ["b4d680ff-da20-55ac-980b-253c17de32cf"]
