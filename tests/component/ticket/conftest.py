"""Fixtures of ticket's component tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from common import clock
from tests.support.drivers.ticket_driver import NOW, ON_CONFIRMED, OWNER, booking_confirmed, event_terms, stored_items
from tests.support.system.system import System


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


@pytest.fixture
def booking(system: System) -> Any:
    """A booking of two valid tickets."""
    system.deliver(event_terms(), "ticket.on_event_changed")
    confirmation = booking_confirmed(2, user_id=OWNER.user_id)
    system.deliver(confirmation, ON_CONFIRMED)
    return confirmation


@pytest.fixture
def ticket(system: System, booking: Any) -> dict[str, Any]:
    return stored_items(system, "ticket")[0]
