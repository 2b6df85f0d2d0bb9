"""The test system, one per test, and what a payment or a box office is tried with."""

from collections.abc import Iterator

import pytest

from tests.support.box_office import BoxOffice
from tests.support.orders import Clock, Order, clock_of_the_test, taken
from tests.support.provider import Provider, connect
from tests.support.system import System


@pytest.fixture
def system() -> Iterator[System]:
    with System().running() as running:
        yield running


@pytest.fixture
def clock() -> Iterator[Clock]:
    with clock_of_the_test() as moment:
        yield moment


@pytest.fixture
def provider(system: System, clock: Clock) -> Iterator[Provider]:
    with connect(system) as wire:
        yield wire


@pytest.fixture
def order(system: System, provider: Provider) -> Order:
    """An order whose payment is open."""
    opened = Order()
    assert taken(system.deliver(opened.ordered(), "payment.on_booking_ordered"))
    return opened


@pytest.fixture(scope="module")
def box_house() -> Iterator[System]:
    """One system for all of a module's tests with a box office."""
    with System().running() as running:
        yield running


@pytest.fixture
def office(box_house: System) -> Iterator[BoxOffice]:
    """Booking alone, its table empty."""
    with BoxOffice(box_house).open() as opened:
        yield opened
