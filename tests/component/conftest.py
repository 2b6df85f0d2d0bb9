"""The test system, one per test, and what a payment is tried with: a clock, the provider, an order."""

from collections.abc import Iterator

import pytest

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
