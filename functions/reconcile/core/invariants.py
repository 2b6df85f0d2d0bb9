"""The invariants of all tables: some hold always, the others once the system is idle.

Each check reads plain items by the topology's table names and yields one sentence per violation. It depends on no
test or emulator, so it can run against any deployed system. Numbers I1 to I17 refer to the list of invariants; I7, I9
and I15 cannot be checked on tables.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from reconcile.core.completion_checks import cancelled_events_are_completed, no_transient_states, overdue
from reconcile.core.history_checks import histories_follow_state_machine, outboxes_are_consistent
from reconcile.core.inventory_checks import (
    bookings_are_counted,
    counters_match_bookings,
    inventory_is_conserved,
    limits_are_conserved,
    nothing_is_oversold,
)
from reconcile.core.notification_checks import notifications_are_sent_once
from reconcile.core.payment_checks import (
    booking_refunds_match_payments,
    bookings_have_payments,
    bookings_match_payments_and_tickets,
    captured_payments_are_settled,
    event_refunds_match_bookings,
    prices_match_items,
    refunds_are_within_payments,
)
from reconcile.core.snapshot import Check, Tables
from reconcile.core.ticket_checks import (
    door_counts_match_tickets,
    ticket_usage_is_recorded,
    tickets_admit_once,
    tickets_match_bookings,
)


class Scope(Enum):
    """The items that a check needs together."""

    BOOKING = "a booking with its payment, tickets and notifications"
    EVENT = "an event with the totals of its bookings"
    ALL = "all bookings of a user, or all tickets of an event: a sweep never has them together"


@dataclass(frozen=True)
class Invariant:
    """One check; `holds_always` also while messages are in flight, else only when the system is idle."""

    check: Check
    scope: Scope
    holds_always: bool = False


INVARIANTS = (
    Invariant(inventory_is_conserved, Scope.EVENT, holds_always=True),
    Invariant(limits_are_conserved, Scope.ALL, holds_always=True),
    Invariant(nothing_is_oversold, Scope.ALL, holds_always=True),
    Invariant(histories_follow_state_machine, Scope.BOOKING, holds_always=True),
    Invariant(tickets_match_bookings, Scope.BOOKING, holds_always=True),
    Invariant(refunds_are_within_payments, Scope.BOOKING, holds_always=True),
    Invariant(prices_match_items, Scope.BOOKING, holds_always=True),
    Invariant(tickets_admit_once, Scope.BOOKING, holds_always=True),
    Invariant(door_counts_match_tickets, Scope.ALL, holds_always=True),
    Invariant(outboxes_are_consistent, Scope.BOOKING, holds_always=True),
    Invariant(captured_payments_are_settled, Scope.BOOKING),
    Invariant(bookings_match_payments_and_tickets, Scope.BOOKING),
    Invariant(bookings_have_payments, Scope.BOOKING),
    Invariant(no_transient_states, Scope.BOOKING),
    Invariant(cancelled_events_are_completed, Scope.EVENT),
    Invariant(counters_match_bookings, Scope.EVENT),
    Invariant(bookings_are_counted, Scope.BOOKING),
    Invariant(booking_refunds_match_payments, Scope.BOOKING),
    Invariant(event_refunds_match_bookings, Scope.EVENT),
    Invariant(notifications_are_sent_once, Scope.BOOKING),
    Invariant(ticket_usage_is_recorded, Scope.BOOKING),
)


def for_scope(scope: Scope, tables: Tables) -> list[str]:
    """Violations of one subject, assuming that no message is in flight for it."""
    return [violation for one in INVARIANTS if one.scope is scope for violation in one.check(tables)]


def violations(tables: Tables, *, now: datetime | None = None, idle: bool = True) -> list[str]:
    """All violations; `idle` if no message is in flight."""
    found = [violation for one in INVARIANTS if one.holds_always or idle for violation in one.check(tables)]
    return found + list(overdue(tables, now or datetime.now(UTC))) if idle else found
