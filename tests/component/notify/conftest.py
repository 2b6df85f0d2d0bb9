"""Fixtures of notify's component tests."""

from collections.abc import Iterator

import pytest

from common.bus.events import EventPublished
from notify.core import event_copy
from tests.support.drivers.notify_driver import BOOKING, EVENT, NOW, deliver_copies, event_message, user_registered
from tests.support.fixtures.movable_clock import MovableClock, movable_clock
from tests.support.system.system import System, row


@pytest.fixture(autouse=True)
def manual_clock() -> Iterator[MovableClock]:
    with movable_clock(NOW) as running:
        yield running


@pytest.fixture
def ready_system(system: System) -> System:
    """A system that knows the buyer, the event and the booking."""
    deliver_copies(system, user_registered(), event_message(EventPublished))
    with system.as_function(row("notify.on_booking_failed")):
        event_copy.link_booking(BOOKING, EVENT)
    return system
