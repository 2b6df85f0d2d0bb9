"""What an organiser may change, and what of a published event has been promised to its buyers; pure.

Promised is: that it takes place in the future if it has not begun, its currency, that what is free stays free, and
the refunds. Place and time may change, for the buyers are told; what was booked keeps the price it was booked at.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from events.core import model
from events.core.errors import (
    AlreadyStarted,
    CapacityElsewhere,
    CurrencyFixed,
    EndsInPast,
    NoLongerFree,
    NotEditable,
    RefundReduced,
    TypeClosed,
)
from events.core.model import TYPES, CategoryType, Status, TypeStatus

Fields = Mapping[str, Any]

# What places are sold under: whoever sells hears of it by another `terms_version`.
SOLD_UNDER = ("starts_at", "ends_at", "max_per_user", "hold_seconds", "refund_percent", "refund_hours")


def public(event: Fields) -> bool:
    """Whether the event has been published, whatever became of it."""
    return bool(event["terms_version"])


def over(event: Fields, now: datetime) -> bool:
    """Whether a published event has taken place, even if its item does not say so yet."""
    return event["status"] == Status.ENDED or (public(event) and datetime.fromisoformat(event["ends_at"]) <= now)


def editable(event: Fields, now: datetime) -> None:
    """Raises NotEditable once the event is cancelled or over."""
    if event["status"] == Status.CANCELLED or over(event, now):
        raise NotEditable


def kept(event: Fields, wanted: Fields, now: datetime) -> None:
    """Raises AlreadyStarted, NotInFuture, EndsInPast, NoLongerFree or RefundReduced."""
    _timely(event, wanted, now)
    if not public(event):
        return
    if event["category_type"] == CategoryType.FREE != wanted["category_type"]:
        raise NoLongerFree(pointer="/category_id")
    percent, hours = event.get("refund_percent", 0), event.get("refund_hours", 0)
    if wanted["refund_percent"] < percent:
        raise RefundReduced(pointer="/refund_percent")
    if percent and wanted["refund_hours"] > hours:
        raise RefundReduced(pointer="/refund_hours")


def _timely(event: Fields, wanted: Fields, now: datetime) -> None:
    # What stays as it was is in nobody's way: a running event can be described anew.
    if wanted["starts_at"] != event["starts_at"]:
        if public(event) and datetime.fromisoformat(event["starts_at"]) <= now:
            raise AlreadyStarted(pointer="/starts_at")
        model.planned(datetime.fromisoformat(wanted["starts_at"]), now)
    if wanted["ends_at"] != event["ends_at"] and datetime.fromisoformat(wanted["ends_at"]) <= now:
        raise EndsInPast(pointer="/ends_at")


def sold_on(event: Fields, old: Fields, wanted: Fields) -> None:
    """A type of the event may become this. Raises TypeClosed, CurrencyFixed or CapacityElsewhere."""
    before, after = TypeStatus(old["status"]), TypeStatus(wanted["status"])
    leads = any(state == before and target == after for (state, _), target in TYPES.table.items())
    if before is TypeStatus.CLOSED or not (before is after or leads):
        raise TypeClosed
    if not public(event):
        return
    if wanted["currency"] != old["currency"]:
        raise CurrencyFixed(pointer="/currency")
    if wanted["capacity"] != old["capacity"]:
        raise CapacityElsewhere(pointer="/capacity")
