"""Allowed differences in final tables: a timer came first, or a client repeated a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.saga.table_diff import without_attributes

Tables = dict[str, list[Any]]


@dataclass(frozen=True)
class AlternativeOutcome:
    """The allowed differences of an outcome, and the reason."""

    reason: str
    attributes: Mapping[str, tuple[str, ...]]  # by table
    notification_kinds: tuple[str, ...] = ()  # kinds of notifications
    extra_items: tuple[tuple[str, str], ...] = ()  # items of the alternative outcome, by table and `sk`


# A message delivered after a deadline's timer is minutes late: the hold has expired, and the tables show that.
# Inventory, limits, tickets and money are compared in full.
BACKSTOP_CAME_FIRST = AlternativeOutcome(
    "the back-stop ended the hold: it does not know that a card was declined, only that time is up",
    {"bookings": ("logs", "status", "outbox", "expired_at", "failed_at")},
    ("booking_expired", "booking_failed"),
)
HONOURED_LATE = AlternativeOutcome(
    "the back-stop ended the hold, the buyer was told, and the money was then honoured late",
    {"bookings": ("logs", "version", "outbox_version", "expired_at")},
    ("booking_expired",),
)
CLOSING_ATTRIBUTES = ("logs", "status", "reason", "outbox", "outbox_version", "cancelled_at", "failed_at")
ALTERNATIVE_OUTCOMES = {
    ("booking.cancel_bookings", "booking.expire_hold_backstop"): AlternativeOutcome(
        "the hold had run out when its turn came in the cancelled event: its late money went back all the same",
        {"bookings": (*CLOSING_ATTRIBUTES, "expired_at", "cancelled"), "payments": CLOSING_ATTRIBUTES},
        ("booking_expired", "booking_cancelled", "booking_failed"),
        (("bookings", "counted"), ("tickets", "cancelled")),
    ),
    ("booking.on_payment_failed", "booking.expire_hold_backstop"): BACKSTOP_CAME_FIRST,
    ("booking.on_payment_succeeded", "booking.expire_hold_backstop"): HONOURED_LATE,
    ("notify.on_ticket_created", "notify.announce_event_changes"): AlternativeOutcome(
        "the ticket came when the change had been told: its own mail says what is so now", {}, ("event_changed",)
    ),
    ("notify.on_ticket_created", "notify.send_event_reminders"): AlternativeOutcome(
        "the ticket came on the day of the reminder: its own mail is as fresh", {}, ("event_reminder",)
    ),
    ("payment.on_booking_cancelled", "payment.close_payment"): AlternativeOutcome(
        "the payment's own deadline closed it before it heard of the cancellation", {"payments": CLOSING_ATTRIBUTES}
    ),
    ("payment.on_booking_extended", "payment.close_payment"): AlternativeOutcome(
        "the payment's old deadline had closed it before it heard of the new one",
        {"payments": (*CLOSING_ATTRIBUTES, "version", "pay_before")},
    ),
    ("payment.on_booking_ordered", "payment.close_payment"): AlternativeOutcome(
        "the payment was opened when its deadline had passed", {"payments": CLOSING_ATTRIBUTES, "bookings": ("logs",)}
    ),
}


def without_allowed_differences(tables: Tables, alternative: AlternativeOutcome) -> Tables:
    """The tables without the allowed differences."""
    tables = dict(tables)
    tables["notifications"] = [
        one for one in tables["notifications"] if one.get("kind") not in alternative.notification_kinds
    ]
    for table, kind in alternative.extra_items:
        tables[table] = [one for one in tables[table] if one["sk"].split("#")[0] != kind]
    for table, names in alternative.attributes.items():
        tables[table] = without_attributes({table: tables[table]}, *names)[table]
    return tables
