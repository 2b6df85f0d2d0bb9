"""Evaluates one subject: a booking with its related items, or an event with its booking totals.

Recently changed subjects are skipped: their messages, timers and retries may still be in flight.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from common import clock
from reconcile.core import invariants
from reconcile.core.completion_checks import overdue
from reconcile.core.invariants import Scope
from reconcile.core.snapshot import Item, Tables

# Violations that a lost message can cause, and republishing it can repair.
_REPAIRABLE = ("I11", "I12", "I13", "I14", "I16", "I17")
_SYNC_WINDOW = timedelta(days=7)  # late captures and failed refunds may appear at the provider this long


def booking_violations(subject: Tables, now: datetime) -> list[str]:
    """One sentence per violated invariant of the booking."""
    return [*invariants.for_scope(Scope.BOOKING, subject), *overdue(subject, now)]


def event_violations(tables: Tables) -> list[str]:
    return invariants.for_scope(Scope.EVENT, tables)


def is_repairable(violation: str) -> bool:
    return violation.startswith(_REPAIRABLE)


def recently_changed(subject: Tables, now: datetime, grace: timedelta) -> bool:
    """Whether any of its items changed within `grace`."""
    times = (one["updated_at"] for items in subject.values() for one in items if "updated_at" in one)
    return any(clock.parse(one) > now - grace for one in times)


def payments_to_sync(subject: Tables, now: datetime) -> Iterator[Item]:
    """Payments of which the provider may know more than we do: unpaid ones with a checkout, and refunded ones."""
    for one in subject.get("payments", ()):
        if one["sk"] != "payment" or not one.get("attempt") or clock.parse(one["updated_at"]) < now - _SYNC_WINDOW:
            continue
        if one["status"] in ("PENDING", "FAILED", "CANCELLED") or one["refunded"]:
            yield one
