"""What belongs to bookings, fetched together: each with its payment, its tickets and what was told of it.

All of it is found by ids that follow from the booking's own, and read consistently: no index decides here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from common import ids, store
from common.store import Key
from reconcile.core import past
from reconcile.core.snapshot import Item, ticket_ids

Subject = dict[str, list[Item]]
Wanted = Mapping[str, Iterable[Key]]

# What notify makes of a bus event; the id follows from the kind and the bus event's id.
_NOTICES = {
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


def subjects(booking_ids: Sequence[str]) -> dict[str, Subject]:
    """All that belongs to each of these bookings, by table."""
    found: dict[str, Subject] = {one: defaultdict(list) for one in booking_ids}
    _fetch(found, "bookings", {one: [_key(one, "booking"), _key(one, "counted")] for one in booking_ids})
    _fetch(found, "payments", {one: [_key(ids.derive("payment", one), "payment")] for one in booking_ids})
    _fetch(found, "tickets", {one: [_key(one, "issue")] for one in booking_ids})
    _tickets(found)
    _fetch(found, "tickets", {name: _doings(subject) for name, subject in found.items()})
    _fetch(found, "notifications", {name: _notices(subject) for name, subject in found.items()})
    return found


def _tickets(found: dict[str, Subject]) -> None:
    """The tickets that the booking got, and those that came in their place."""
    wanted = {name: [one for booking in _of(subject, "bookings", "booking") for one in ticket_ids(booking)]
              for name, subject in found.items()}  # fmt: skip
    while any(wanted.values()):
        fresh = _fetch(found, "tickets", {name: [_key(one, "ticket") for one in keys] for name, keys in wanted.items()})
        wanted = {
            name: [one["transferred_to"] for one in items if "transferred_to" in one] for name, items in fresh.items()
        }


def _doings(subject: Subject) -> list[Key]:
    """What was done with the tickets: scans, and offers to others."""
    tickets = _of(subject, "tickets", "ticket")
    scans = [_key(one["scan_id"], "scan") for one in tickets if "scan_id" in one]
    return scans + [_key(one["transfer_id"], "transfer") for one in tickets if "transfer_id" in one]


def _notices(subject: Subject) -> list[Key]:
    told = [one for items in subject.values() for item in items for one in past.ids(item)]
    named = {
        ids.derive("notification", kind, event_id)
        for event, event_id in told
        for kind in _NOTICES.get(event.__name__, ())
    }
    return [_key(one, "notification") for one in sorted(named)]


def _fetch(found: dict[str, Subject], table: str, wanted: Wanted) -> dict[str, list[Item]]:
    """Read them all at once, and give each subject its own."""
    owner = {(key["pk"], key["sk"]): name for name, keys in wanted.items() for key in keys}
    fresh: dict[str, list[Item]] = defaultdict(list)
    for item in store.batch_get(table, [_key(*place) for place in owner]):
        fresh[owner[item["pk"], item["sk"]]].append(item)
    for name, items in fresh.items():
        found[name][table] += items
    return fresh


def _of(subject: Subject, table: str, kind: str) -> list[Item]:
    return [one for one in subject.get(table, ()) if one["sk"] == kind]


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": pk, "sk": sk}
