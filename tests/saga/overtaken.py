"""Ends that may be other ones: because a timer was first, or because somebody asked twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.saga.compare import without

Tables = dict[str, list[Any]]


@dataclass(frozen=True)
class Overtaken:
    """What may differ where a message comes so late that a deadline's timer is before it, and why."""

    why: str
    attributes: Mapping[str, tuple[str, ...]]  # by table
    told: tuple[str, ...] = ()  # kinds of notifications
    beside: tuple[tuple[str, str], ...] = ()  # items that stand for the other ending, by table and `sk`


# A message held back until a timer's deadline is not only in another order but minutes late: the hold did run
# out meanwhile, and the tables tell so. Stock, limits, tickets and money are compared in full.
BACKSTOP = Overtaken(
    "the back-stop ended the hold: it does not know that a card was declined, only that time is up",
    {"bookings": ("logs", "status", "outbox", "expired_at", "failed_at")},
    ("booking_expired", "booking_failed"),
)
HONOURED_LATE = Overtaken(
    "the back-stop ended the hold, the buyer was told, and the money was then honoured late",
    {"bookings": ("logs", "version", "outbox_version", "expired_at")},
    ("booking_expired",),
)
CLOSED = ("logs", "status", "reason", "outbox", "outbox_version", "cancelled_at", "failed_at")
OVERTAKEN = {
    ("booking.cancel_bookings", "booking.expire_hold"): Overtaken(
        "the hold had run out when its turn came in the cancelled event: its late money went back all the same",
        {"bookings": (*CLOSED, "expired_at", "cancelled"), "payments": CLOSED},
        ("booking_expired", "booking_cancelled", "booking_failed"),
        (("bookings", "counted"), ("tickets", "cancelled")),
    ),
    ("booking.on_payment_failed", "booking.expire_hold"): BACKSTOP,
    ("booking.on_payment_succeeded", "booking.expire_hold"): HONOURED_LATE,
    ("notify.on_ticket_created", "notify.tell_changes"): Overtaken(
        "the ticket came when the change had been told: its own mail says what is so now", {}, ("event_changed",)
    ),
    ("notify.on_ticket_created", "notify.remind_holders"): Overtaken(
        "the ticket came on the day of the reminder: its own mail is as fresh", {}, ("event_reminder",)
    ),
    ("payment.on_booking_cancelled", "payment.close_payment"): Overtaken(
        "the payment's own deadline closed it before it heard of the cancellation", {"payments": CLOSED}
    ),
    ("payment.on_booking_extended", "payment.close_payment"): Overtaken(
        "the payment's old deadline had closed it before it heard of the new one",
        {"payments": (*CLOSED, "version", "pay_before")},
    ),
    ("payment.on_booking_ordered", "payment.close_payment"): Overtaken(
        "the payment was opened when its deadline had passed", {"payments": CLOSED, "bookings": ("logs",)}
    ),
}


def excused(plain: Tables, excuse: Overtaken) -> Tables:
    """The tables without what may differ."""
    plain = dict(plain)
    plain["notifications"] = [one for one in plain["notifications"] if one.get("kind") not in excuse.told]
    for table, kind in excuse.beside:
        plain[table] = [one for one in plain[table] if one["sk"].split("#")[0] != kind]
    for table, names in excuse.attributes.items():
        plain[table] = without({table: plain[table]}, *names)[table]
    return plain
