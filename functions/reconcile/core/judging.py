"""Is it as it must be? By subject: a booking with all that belongs to it, an event with its places.

What is young is not judged: its messages, timers and repetitions are still under way.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from common import clock
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
from reconcile.core.snapshot import Check, Item, Tables
from reconcile.core.stock import bookings_are_counted, counts_are_right, stock_is_conserved
from reconcile.core.telling import everything_is_told_once
from reconcile.core.tickets import tickets_admit_once, tickets_are_as_booked

_OF_BOOKINGS: tuple[Check, ...] = (
    histories_are_paths,
    tickets_are_as_booked,
    refunds_are_covered,
    prices_are_sums,
    tickets_admit_once,
    outboxes_are_sound,
    money_is_answered,
    bookings_agree_with_the_rest,
    bookings_have_payments,
    nothing_is_half_done,
    refunds_are_shown,
    bookings_are_counted,
    everything_is_told_once,
)
_OF_EVENTS: tuple[Check, ...] = (
    stock_is_conserved,
    counts_are_right,
    refunds_are_summed,
    cancelled_events_are_wound_up,
)
# A message that comes again, or a timer, can mend these; the others are never broken by a loss.
_MENDED = ("I11", "I12", "I13", "I14", "I16", "I17")
_LATE = timedelta(days=7)  # so long money or a refused refund may come to light at the provider


def of_booking(subject: Tables, now: datetime) -> list[str]:
    """One sentence for everything that is not as it must be."""
    return [said for check in _OF_BOOKINGS for said in check(subject)] + list(overdue(subject, now))


def of_event(tables: Tables) -> list[str]:
    return [said for check in _OF_EVENTS for said in check(tables)]


def mendable(said: str) -> bool:
    return said.startswith(_MENDED)


def young(subject: Tables, now: datetime, grace: timedelta) -> bool:
    """Whether anything of it has changed lately."""
    moments = (one["updated_at"] for items in subject.values() for one in items if "updated_at" in one)
    return any(clock.parse(one) > now - grace for one in moments)


def unsure(subject: Tables, now: datetime) -> Iterator[Item]:
    """Payments of which the provider may know more than we do: unpaid ones that were begun, and refunds."""
    for one in subject.get("payments", ()):
        if one["sk"] != "payment" or not one.get("attempt") or clock.parse(one["updated_at"]) < now - _LATE:
            continue
        if one["status"] in ("PENDING", "FAILED", "CANCELLED") or one["refunded"]:
            yield one
