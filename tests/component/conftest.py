"""The test system, one per test, and what a payment or a box office is tried with."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from common import log
from tests.support.box_office import BoxOffice
from tests.support.lines import Lines, Outcomes, logged
from tests.support.memory import Memory
from tests.support.moto import Moto
from tests.support.orders import Clock, Order, clock_of_the_test, taken
from tests.support.provider import Provider, connect
from tests.support.system import System


def anew(request: pytest.FixtureRequest) -> AbstractContextManager[System]:
    """A system that nothing has happened in."""
    return (Moto if request.node.get_closest_marker("moto") else Memory)().running()


@pytest.fixture
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """In memory; on the emulated SDK where a module is marked `moto`, because it looks at the SDK's own calls."""
    with anew(request) as running:
        yield running


@pytest.fixture
def outcomes() -> Iterator[Outcomes]:
    """What the functions count, as they count it."""
    counted: Outcomes = []
    log.use(lambda name, value: counted.append((name, value)))
    yield counted
    log.use()


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the functions log, as it is handed over."""
    with logged() as found:
        yield found


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


@pytest.fixture
def office(system: System) -> Iterator[BoxOffice]:
    """Booking alone."""
    with BoxOffice(system).open() as opened:
        yield opened
