"""Is it as it must be? By subject: a booking with all that belongs to it, an event with its places.

What is young is not judged: its messages, timers and repetitions are still under way.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from common import clock
from reconcile.core import invariants
from reconcile.core.invariants import About
from reconcile.core.rest import overdue
from reconcile.core.snapshot import Item, Tables

# A message that comes again, or a timer, can mend these; the others are never broken by a loss.
_MENDED = ("I11", "I12", "I13", "I14", "I16", "I17")
_LATE = timedelta(days=7)  # so long money or a refused refund may come to light at the provider


def of_booking(subject: Tables, now: datetime) -> list[str]:
    """One sentence for everything that is not as it must be."""
    return [*invariants.of(About.BOOKING, subject), *overdue(subject, now)]


def of_event(tables: Tables) -> list[str]:
    return invariants.of(About.EVENT, tables)


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
