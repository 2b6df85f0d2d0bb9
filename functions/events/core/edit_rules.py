"""What an organiser may edit, before and after publication; no I/O.

Publication fixes the currency, "free" and the minimum refund terms, and an event that has not started may only move
to a time in the future. Place and time may change, because buyers are notified. Bookings keep their price.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from events.core import model
from events.core.errors import (
    AlreadyStarted,
    CapacityEndpointRequired,
    CurrencyFixed,
    EndsInPast,
    NoLongerFree,
    NotEditable,
    RefundReduced,
    TypeClosed,
)
from events.core.model import TYPE_LIFECYCLE, CategoryType, Status, TypeStatus

Fields = Mapping[str, Any]

# A change of one of these fields increments `terms_version`, which tells booking to update its copy.
SALE_TERMS = ("starts_at", "ends_at", "max_per_user", "hold_seconds", "refund_percent", "refund_hours")


def is_published(event: Fields) -> bool:
    """Whether the event was ever published, even if it is cancelled or ended now."""
    return bool(event["terms_version"])


def is_over(event: Fields, now: datetime) -> bool:
    """Whether a published event has ended, even if its stored status is not ENDED yet."""
    return event["status"] == Status.ENDED or (is_published(event) and datetime.fromisoformat(event["ends_at"]) <= now)


def require_editable(event: Fields, now: datetime) -> None:
    """Raises NotEditable if the event is cancelled or over."""
    if event["status"] == Status.CANCELLED or is_over(event, now):
        raise NotEditable


def require_promises_kept(event: Fields, edited: Fields, now: datetime) -> None:
    """Raises AlreadyStarted, NotInFuture, EndsInPast, NoLongerFree or RefundReduced."""
    _require_valid_times(event, edited, now)
    if not is_published(event):
        return
    if event["category_type"] == CategoryType.FREE != edited["category_type"]:
        raise NoLongerFree(pointer="/category_id")
    percent, hours = event.get("refund_percent", 0), event.get("refund_hours", 0)
    if edited["refund_percent"] < percent:
        raise RefundReduced(pointer="/refund_percent")
    if percent and edited["refund_hours"] > hours:
        raise RefundReduced(pointer="/refund_hours")


def _require_valid_times(event: Fields, edited: Fields, now: datetime) -> None:
    # Unchanged times are not validated, so that other fields of a running event stay editable.
    if edited["starts_at"] != event["starts_at"]:
        if is_published(event) and datetime.fromisoformat(event["starts_at"]) <= now:
            raise AlreadyStarted(pointer="/starts_at")
        model.require_future_start(datetime.fromisoformat(edited["starts_at"]), now)
    if edited["ends_at"] != event["ends_at"] and datetime.fromisoformat(edited["ends_at"]) <= now:
        raise EndsInPast(pointer="/ends_at")


def require_valid_type_edit(event: Fields, old: Fields, new: Fields) -> None:
    """Raises TypeClosed, CurrencyFixed or CapacityEndpointRequired."""
    before, after = TypeStatus(old["status"]), TypeStatus(new["status"])
    is_transition = any(state == before and target == after for (state, _), target in TYPE_LIFECYCLE.table.items())
    if before is TypeStatus.CLOSED or not (before is after or is_transition):
        raise TypeClosed
    if not is_published(event):
        return
    if new["currency"] != old["currency"]:
        raise CurrencyFixed(pointer="/currency")
    if new["capacity"] != old["capacity"]:
        raise CapacityEndpointRequired(pointer="/capacity")
