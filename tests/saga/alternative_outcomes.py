"""Allowed differences between final tables: a timer fired first, or a client retried a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.saga.table_diff import without_attributes

Tables = dict[str, list[Any]]


@dataclass(frozen=True)
class AlternativeOutcome:
    """The allowed differences of an outcome, and the reason."""

    reason: str
    attributes: Mapping[str, tuple[str, ...]]  # that may differ, by table
    notification_kinds: tuple[str, ...] = ()  # that may differ
    extra_items: tuple[tuple[str, str], ...] = ()  # that only one run may have: table and kind (first part of `sk`)


# A message delivered after the deadline's timer is minutes late: the hold has expired, which the tables record.
# Inventory, limits, tickets and amounts are compared in full.
BACKSTOP_CAME_FIRST = AlternativeOutcome(
    "the back-stop expired the hold; it does not know that the card was declined",
    {"bookings": ("logs", "status", "outbox", "expired_at", "failed_at")},
    ("booking_expired", "booking_failed"),
)
HONOURED_LATE = AlternativeOutcome(
    "the back-stop expired the hold and the buyer was notified; then the payment was confirmed late",
    {"bookings": ("logs", "version", "outbox_version", "expired_at")},
    ("booking_expired",),
)
CLOSING_ATTRIBUTES = ("logs", "status", "reason", "outbox", "outbox_version", "cancelled_at", "failed_at")
ALTERNATIVE_OUTCOMES = {
    ("booking.cancel_bookings", "booking.expire_hold_backstop"): AlternativeOutcome(
        "the hold had expired before the event cancellation reached it; its late payment is refunded either way",
        {"bookings": (*CLOSING_ATTRIBUTES, "expired_at", "cancelled"), "payments": CLOSING_ATTRIBUTES},
        ("booking_expired", "booking_cancelled", "booking_failed"),
        (("bookings", "counted"), ("tickets", "cancelled")),
    ),
    ("booking.on_payment_failed", "booking.expire_hold_backstop"): BACKSTOP_CAME_FIRST,
    ("booking.on_payment_succeeded", "booking.expire_hold_backstop"): HONOURED_LATE,
    ("notify.on_ticket_created", "notify.announce_event_changes"): AlternativeOutcome(
        "the ticket was created after the announcement; its own e-mail has the current data", {}, ("event_changed",)
    ),
    ("notify.on_ticket_created", "notify.send_event_reminders"): AlternativeOutcome(
        "the ticket was created after the reminders; its own e-mail replaces one", {}, ("event_reminder",)
    ),
    ("payment.on_booking_cancelled", "payment.close_payment"): AlternativeOutcome(
        "the payment expired before payment received the cancellation", {"payments": CLOSING_ATTRIBUTES}
    ),
    ("payment.on_booking_extended", "payment.close_payment"): AlternativeOutcome(
        "the payment expired at its old deadline before payment received the extension",
        {"payments": (*CLOSING_ATTRIBUTES, "version", "pay_before")},
    ),
    ("payment.on_booking_ordered", "payment.close_payment"): AlternativeOutcome(
        "the payment was opened after its deadline", {"payments": CLOSING_ATTRIBUTES, "bookings": ("logs",)}
    ),
}


def without_allowed_differences(tables: Tables, alternative: AlternativeOutcome) -> Tables:
    """The tables without the allowed differences."""
    tables = dict(tables)
    tables["notifications"] = [
        item for item in tables["notifications"] if item.get("kind") not in alternative.notification_kinds
    ]
    for table, kind in alternative.extra_items:
        tables[table] = [item for item in tables[table] if item["sk"].split("#")[0] != kind]
    for table, names in alternative.attributes.items():
        tables[table] = without_attributes({table: tables[table]}, *names)[table]
    return tables
