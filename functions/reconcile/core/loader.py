"""Loads bookings with everything that belongs to them: payment, tickets and notifications.

All ids are derived from the booking's, so every read is consistent and needs no index.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from common import ids, store
from common.store import Key
from reconcile.core import event_replay
from reconcile.core.snapshot import Item, ticket_ids

Subject = dict[str, list[Item]]
KeysByBooking = Mapping[str, Iterable[Key]]

# Notifications by bus event; a notification's id is derived from its kind and the bus event's id.
_NOTIFICATION_KINDS = {
    "TicketCreated": ("tickets_created",),
    "TicketOffered": ("ticket_offered",),
    "TicketTransferred": ("ticket_received", "ticket_given"),
    "TicketReissued": ("ticket_reissued",),
    "TicketVoided": ("ticket_voided",),
    "BookingExpired": ("booking_expired",),
    "BookingFailed": ("booking_failed",),
    "BookingCancelled": ("booking_cancelled",),
    "PaymentRefunded": ("payment_refunded",),
}


def load(booking_ids: Sequence[str]) -> dict[str, Subject]:
    """The items of each of these bookings, by table."""
    found: dict[str, Subject] = {one: defaultdict(list) for one in booking_ids}
    _fetch(found, "bookings", {one: [_key(one, "booking"), _key(one, "counted")] for one in booking_ids})
    _fetch(found, "payments", {one: [_key(ids.derive("payment", one), "payment")] for one in booking_ids})
    _fetch(found, "tickets", {one: [_key(one, "issue")] for one in booking_ids})
    _load_tickets(found)
    _fetch(found, "tickets", {name: _ticket_activity_keys(subject) for name, subject in found.items()})
    _fetch(found, "notifications", {name: _notification_keys(subject) for name, subject in found.items()})
    return found


def _load_tickets(found: dict[str, Subject]) -> None:
    """The tickets issued for the booking, and their successors in transfers."""
    remaining = {
        name: [one for booking in _items(subject, "bookings", "booking") for one in ticket_ids(booking)]
        for name, subject in found.items()
    }
    while any(remaining.values()):
        keys_by_booking = {name: [_key(one, "ticket") for one in ids_] for name, ids_ in remaining.items()}
        loaded = _fetch(found, "tickets", keys_by_booking)
        remaining = {
            name: [one["transferred_to"] for one in items if "transferred_to" in one] for name, items in loaded.items()
        }


def _ticket_activity_keys(subject: Subject) -> list[Key]:
    """Keys of the tickets' scans and transfers."""
    tickets = _items(subject, "tickets", "ticket")
    scans = [_key(one["scan_id"], "scan") for one in tickets if "scan_id" in one]
    return scans + [_key(one["transfer_id"], "transfer") for one in tickets if "transfer_id" in one]


def _notification_keys(subject: Subject) -> list[Key]:
    published = [one for items in subject.values() for item in items for one in event_replay.published_event_ids(item)]
    notification_ids = {
        ids.derive("notification", kind, event_id)
        for event, event_id in published
        for kind in _NOTIFICATION_KINDS.get(event.__name__, ())
    }
    return [_key(one, "notification") for one in sorted(notification_ids)]


def _fetch(found: dict[str, Subject], table: str, keys_by_booking: KeysByBooking) -> dict[str, list[Item]]:
    """Read all keys in one batch and assign the items to their bookings."""
    owner = {(key["pk"], key["sk"]): name for name, keys in keys_by_booking.items() for key in keys}
    loaded: dict[str, list[Item]] = defaultdict(list)
    for item in store.batch_get(table, [_key(*key) for key in owner]):
        loaded[owner[item["pk"], item["sk"]]].append(item)
    for name, items in loaded.items():
        found[name][table] += items
    return loaded


def _items(subject: Subject, table: str, kind: str) -> list[Item]:
    return [one for one in subject.get(table, ()) if one["sk"] == kind]


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": pk, "sk": sk}
