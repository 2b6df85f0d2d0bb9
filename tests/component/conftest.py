"""The test system, one per test, and what a payment or a box office is tried with."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from common import log
from tests.support.drivers.booking_driver import BookingDriver
from tests.support.drivers.payment_driver import Order, all_acknowledged
from tests.support.drivers.provider import ProviderNetwork, connect_provider
from tests.support.fixtures.movable_clock import MovableClock, movable_clock
from tests.support.system.in_memory_system import InMemorySystem
from tests.support.system.log_capture import LogCapture, RecordedMetrics, capture_logs
from tests.support.system.moto_system import MotoSystem
from tests.support.system.system import System


def new_system(request: pytest.FixtureRequest) -> AbstractContextManager[System]:
    """A system that nothing has happened in."""
    return (MotoSystem if request.node.get_closest_marker("moto") else InMemorySystem)().running()


@pytest.fixture
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """In memory; on the emulated SDK where a module is marked `moto`, because it looks at the SDK's own calls."""
    with new_system(request) as running:
        yield running


@pytest.fixture
def metrics() -> Iterator[RecordedMetrics]:
    """What the functions count, as they count it."""
    recorded: RecordedMetrics = []
    log.use(lambda name, value: recorded.append((name, value)))
    yield recorded
    log.use()


@pytest.fixture
def logs() -> Iterator[LogCapture]:
    """What the functions log, as it is handed over."""
    with capture_logs() as capture:
        yield capture


@pytest.fixture
def clock() -> Iterator[MovableClock]:
    with movable_clock() as moment:
        yield moment


@pytest.fixture
def provider(system: System, clock: MovableClock) -> Iterator[ProviderNetwork]:
    with connect_provider(system) as network:
        yield network


@pytest.fixture
def order(system: System, provider: ProviderNetwork) -> Order:
    """An order whose payment is open."""
    opened = Order()
    assert all_acknowledged(system.deliver(opened.booking_ordered(), "payment.on_booking_ordered"))
    return opened


@pytest.fixture
def driver(system: System) -> Iterator[BookingDriver]:
    """Booking alone."""
    with BookingDriver(system).running() as running:
        yield running
