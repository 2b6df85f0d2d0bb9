"""What must be true of the tables, always and once everything has come to rest.

Each check reads plain items by the topology's table names and yields one sentence per violation; it knows
neither test nor emulator, so that it can be held against any deployed system. The numbers are those of the
list of invariants: I1 to I6, I8, I10 to I14, I16, I17. I7, I9 and I15 are no matter of tables.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

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
from reconcile.core.tickets import doors_count_right, tickets_admit_once, tickets_are_as_booked, uses_are_known


class About(Enum):
    """What must be looked at together to judge it."""

    BOOKING = "a booking with its payment, tickets and notices"
    EVENT = "an event with the sums of its bookings"
    ALL = "all bookings of a person, or all tickets of an event: no round has them at once"


@dataclass(frozen=True)
class Rule:
    """One check; `always` if it holds while messages are under way, else once they have come to rest."""

    check: Check
    about: About
    always: bool = False


RULES = (
    Rule(stock_is_conserved, About.EVENT, always=True),
    Rule(limits_are_conserved, About.ALL, always=True),
    Rule(nothing_is_oversold, About.ALL, always=True),
    Rule(histories_are_paths, About.BOOKING, always=True),
    Rule(tickets_are_as_booked, About.BOOKING, always=True),
    Rule(refunds_are_covered, About.BOOKING, always=True),
    Rule(prices_are_sums, About.BOOKING, always=True),
    Rule(tickets_admit_once, About.BOOKING, always=True),
    Rule(doors_count_right, About.ALL, always=True),
    Rule(outboxes_are_sound, About.BOOKING, always=True),
    Rule(money_is_answered, About.BOOKING),
    Rule(bookings_agree_with_the_rest, About.BOOKING),
    Rule(bookings_have_payments, About.BOOKING),
    Rule(nothing_is_half_done, About.BOOKING),
    Rule(cancelled_events_are_wound_up, About.EVENT),
    Rule(counts_are_right, About.EVENT),
    Rule(bookings_are_counted, About.BOOKING),
    Rule(refunds_are_shown, About.BOOKING),
    Rule(refunds_are_summed, About.EVENT),
    Rule(everything_is_told_once, About.BOOKING),
    Rule(uses_are_known, About.BOOKING),
)


def of(about: About, tables: Tables) -> list[str]:
    """One sentence for everything about such a subject that is not as it must be, no message being under way."""
    return [said for rule in RULES if rule.about is about for said in rule.check(tables)]


def violations(tables: Tables, *, now: datetime | None = None, resting: bool = True) -> list[str]:
    """One sentence for everything that is not as it must be; `resting` if no message is under way."""
    found = [said for rule in RULES if rule.always or resting for said in rule.check(tables)]
    return found + list(overdue(tables, now or datetime.now(UTC))) if resting else found
