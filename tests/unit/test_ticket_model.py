"""The tickets of a booking and their lifecycle."""

from datetime import UTC, datetime

import pytest

from common import ids
from common.bus.booking import BookedItem, BookingConfirmed
from ticket.core.model import LIFECYCLE, Issuance, State, Trigger

ALLOWED = {
    (State.PENDING, Trigger.ISSUE): State.CREATED,
    (State.PENDING, Trigger.REJECT): State.REJECTED,
    (State.PENDING, Trigger.VOID): State.VOID,
    (State.CREATED, Trigger.ADMIT): State.CHECKED_IN,
    (State.CHECKED_IN, Trigger.UNDO): State.CREATED,
    (State.CREATED, Trigger.VOID): State.VOID,
    (State.CHECKED_IN, Trigger.VOID): State.VOID,
}


def booking_confirmed(*items: tuple[str, int]) -> BookingConfirmed:
    return BookingConfirmed(
        bus_event_id="m", occurred_at=datetime(2026, 3, 1, tzinfo=UTC), correlation_id="c", causation_id="k",
        booking_id="b", user_id="u", event_id="e", prices=0, currency="EUR",
        items=tuple(BookedItem(event_type_id=event_type_id, qty=qty, unit_price=0) for event_type_id, qty in items),
    )  # fmt: skip


@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize("state", State)
def test_ticket_lifecycle_allows_listed_transitions_only(state: State, trigger: Trigger) -> None:
    assert LIFECYCLE.allows(state, trigger) == ((state, trigger) in ALLOWED)
    if (state, trigger) in ALLOWED:
        assert LIFECYCLE.target(trigger) == ALLOWED[state, trigger]


def test_booking_gets_one_ticket_per_place_with_deterministic_ids() -> None:
    issuance = Issuance.from_booking(booking_confirmed(("floor", 2), ("balcony", 1)))

    assert issuance == Issuance.from_booking(booking_confirmed(("balcony", 1), ("floor", 2)))
    assert [one.id for one in issuance.tickets] == [
        ids.derive("ticket", "b", "balcony", 0),
        ids.derive("ticket", "b", "floor", 0),
        ids.derive("ticket", "b", "floor", 1),
    ]
    assert issuance.tickets[1].booking_item_id == ids.derive("booking-item", "b", "floor")


def test_repeated_event_type_gives_distinct_tickets() -> None:
    issuance = Issuance.from_booking(booking_confirmed(("floor", 1), ("floor", 2)))

    assert len({one.id for one in issuance.tickets}) == 3
