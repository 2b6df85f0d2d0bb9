"""What must be true of the tables, always and once everything has come to rest.

Each check reads plain items by the topology's table names and yields one sentence per violation; it knows
neither test nor emulator, so that it can be held against any deployed system. The numbers are those of the
list of invariants: I1 to I6, I8, I10 to I14, I16, I17. I7, I9 and I15 are no matter of tables.
"""

from datetime import UTC, datetime

from reconcile.core.histories import histories_are_paths, outboxes_are_sound
from reconcile.core.money import (
    bookings_agree_with_the_rest,
    bookings_have_payments,
    money_is_answered,
    prices_are_sums,
    refunds_are_covered,
    refunds_are_shown,
    refunds_are_summed,
)
from reconcile.core.rest import cancelled_events_are_wound_up, nothing_is_half_done, overdue
from reconcile.core.snapshot import Check, Tables
from reconcile.core.stock import (
    bookings_are_counted,
    counts_are_right,
    limits_are_conserved,
    nothing_is_oversold,
    stock_is_conserved,
)
from reconcile.core.telling import everything_is_told_once
from reconcile.core.tickets import doors_count_right, tickets_admit_once, tickets_are_as_booked

ALWAYS: tuple[Check, ...] = (
    stock_is_conserved,
    limits_are_conserved,
    nothing_is_oversold,
    histories_are_paths,
    tickets_are_as_booked,
    refunds_are_covered,
    prices_are_sums,
    tickets_admit_once,
    doors_count_right,
    outboxes_are_sound,
)
AT_REST: tuple[Check, ...] = (
    money_is_answered,
    bookings_agree_with_the_rest,
    bookings_have_payments,
    nothing_is_half_done,
    cancelled_events_are_wound_up,
    counts_are_right,
    bookings_are_counted,
    refunds_are_shown,
    refunds_are_summed,
    everything_is_told_once,
)


def violations(tables: Tables, *, now: datetime | None = None, resting: bool = True) -> list[str]:
    """One sentence for everything that is not as it must be; `resting` if no message is under way."""
    found = [said for check in ALWAYS for said in check(tables)]
    if resting:
        found += [said for check in AT_REST for said in check(tables)]
        found += overdue(tables, now or datetime.now(UTC))
    return found
