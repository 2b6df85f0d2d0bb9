"""Tickets of a booking and the states they go through."""

from datetime import UTC, datetime

import pytest

from common import ids
from common.bus.booking import BookedItem, BookingConfirmed
from ticket.core.model import LIFECYCLE, Issue, State, Trigger

ALLOWED = {
    (State.PENDING, Trigger.ISSUE): State.CREATED,
    (State.PENDING, Trigger.REJECT): State.REJECTED,
    (State.PENDING, Trigger.VOID): State.VOID,
    (State.CREATED, Trigger.ADMIT): State.CHECKED_IN,
    (State.CHECKED_IN, Trigger.UNDO): State.CREATED,
    (State.CREATED, Trigger.VOID): State.VOID,
    (State.CHECKED_IN, Trigger.VOID): State.VOID,
}


def a_booking(*items: tuple[str, int]) -> BookingConfirmed:
    return BookingConfirmed(
        bus_event_id="m", occurred_at=datetime(2026, 3, 1, tzinfo=UTC), correlation_id="c", causation_id="k",
        booking_id="b", user_id="u", event_id="e", prices=0, currency="EUR",
        items=tuple(BookedItem(event_type_id=kind, qty=qty, unit_price=0) for kind, qty in items),
    )  # fmt: skip


@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize("state", State)
def test_a_ticket_changes_as_the_table_says_and_no_other_way(state: State, trigger: Trigger) -> None:
    assert LIFECYCLE.allows(state, trigger) == ((state, trigger) in ALLOWED)
    if (state, trigger) in ALLOWED:
        assert LIFECYCLE.target(trigger) == ALLOWED[state, trigger]


def test_a_booking_gets_one_ticket_per_place_with_ids_that_repeat() -> None:
    issue = Issue.of(a_booking(("floor", 2), ("balcony", 1)))

    assert issue == Issue.of(a_booking(("balcony", 1), ("floor", 2)))
    assert [one.id for one in issue.tickets] == [
        ids.derive("ticket", "b", "balcony", 0),
        ids.derive("ticket", "b", "floor", 0),
        ids.derive("ticket", "b", "floor", 1),
    ]
    assert issue.tickets[1].booking_item_id == ids.derive("booking-item", "b", "floor")


def test_a_type_that_is_named_twice_still_gives_every_place_its_own_ticket() -> None:
    issue = Issue.of(a_booking(("floor", 1), ("floor", 2)))

    assert len({one.id for one in issue.tickets}) == 3
