"""`publishes=` of every row names exactly the bus events that its function writes to outboxes.

The harness rejects undeclared events; this test checks that every declared event occurs.
"""

from dataclasses import replace

import pytest

from common.store import Put
from infra import topology
from tests.saga.auxiliary_journeys import ALL_JOURNEYS
from tests.saga.harness import Harness
from tests.support.system import outboxes
from tests.support.system.lambda_events import row

DECLARED = {(row.function, event.wire_name()) for row in topology.ROWS for event in row.publishes}
ORDERED = Put(
    "bookings", {"pk": "b1", "version": 1, "outbox_version": 1, "outbox": [{"bus_event": "BookingOrdered.v1"}]}
)


def test_every_declared_event_is_published_on_a_journey(harness: Harness) -> None:
    for journey in ALL_JOURNEYS:
        harness.run_journey(journey)

    assert outboxes.seen >= DECLARED, f"never published: {sorted(DECLARED - outboxes.seen)}"


def test_undeclared_event_is_rejected() -> None:
    without_events = replace(row("booking.create_booking"), publishes=())

    with pytest.raises(outboxes.NotDeclared, match=r"booking.create_booking .* BookingOrdered.v1"):
        outboxes.check(without_events, [ORDERED])


def test_outbox_of_an_earlier_version_is_not_counted() -> None:
    stored = Put("bookings", ORDERED.item | {"version": 2})

    assert outboxes.events_of(stored) == []
