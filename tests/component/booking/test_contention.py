"""Writers that keep losing the race for an item: they give up after some tries and name the item."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from infra import topology
from tests.component.booking.test_event_cancellation import deliver_cancellation
from tests.support.drivers.booking_driver import BookingDriver
from tests.support.faults.fault_points import ServiceCall
from tests.support.system.in_memory_system import InMemorySystem
from tests.support.system.system import Person

ANNA = Person()
OLGA = Person("organiser", user_id="o1")
TRIES = 8


@contextmanager
def before_each(driver: BookingDriver, operation: str, act: Callable[[int], object]) -> Iterator[list[int]]:
    """Within the block `act` runs before every call of this operation, except its own."""
    assert isinstance(driver.system, InMemorySystem)
    system, before, acted, acting = driver.system, driver.system.before_call, list[int](), list[int]()

    def first(call: ServiceCall) -> None:
        before(call)
        if call.operation == operation and not acting:
            acted.append(len(acted))
            acting.append(1)
            act(acted[-1])
            acting.clear()

    system.before_call = first
    try:
        yield acted
    finally:
        system.before_call = before


def test_contended_capacity_change_is_503(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    with before_each(driver, "TransactWriteItems", lambda at: driver.set_capacity(OLGA, event, 100 + at)) as acted:
        answer = driver.set_capacity(OLGA, event, 20)

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "service-unavailable", "1")
    assert (len(acted), driver.violations()) == (TRIES, [])


def test_contended_ticket_event_is_retried(driver: BookingDriver, caplog: pytest.LogCaptureFixture) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)
    driver.payment_succeeded(booking)

    with before_each(driver, "UpdateItem", lambda at: driver.ticket_checked_in(booking, f"other{at}", 3)) as acted:
        acknowledged = driver.ticket_checked_in(booking, "k1", 3)

    assert (acknowledged, len(acted)) == (False, TRIES)
    assert f"ticket usage of booking {booking} keeps changing" in caplog.text
    assert driver.ticket_checked_in(booking, "k1", 3)
    assert len(driver.booking(booking)["ticket_usage"]) == TRIES + 1


def test_contended_availability_status_is_retried(driver: BookingDriver, caplog: pytest.LogCaptureFixture) -> None:
    event = driver.publish_event(2)
    booking = driver.hold(ANNA, event, 2)

    def another_version(at: int) -> None:
        driver.system.update_item(topology.BOOKINGS, event.types[0], "tally", version=100 + at)

    with before_each(driver, "UpdateItem", another_version) as acted:
        acknowledged = driver.count_bookings(booking)

    assert (acknowledged, len(acted)) == (False, TRIES)
    assert f"availability of event {event.id} keeps changing" in caplog.text


def test_contended_booking_is_cancelled_by_later_delivery(
    driver: BookingDriver, caplog: pytest.LogCaptureFixture
) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 1)
    driver.payment_succeeded(booking)

    with before_each(driver, "TransactWriteItems", lambda at: driver.ticket_checked_in(booking, f"k{at}", 3)) as acted:
        for _ in range(4):
            deliver_cancellation(driver, event)

    assert driver.actions(booking) == ["order", "confirm"]
    assert len(acted) >= TRIES
    assert f"booking {booking} keeps changing" in caplog.text
