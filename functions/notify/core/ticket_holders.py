"""Ticket holders of an event: one item per booking, in shards of the event.

Each bus event adds to sets, so order and redelivery do not matter. The current holders are computed from the sets.
"""

from collections import Counter
from typing import Any
from zlib import crc32

from common import store
from common.bus.ticket import TicketCreated, TicketTransferred, TicketVoided
from common.store import Item, Key, Update
from notify.core.repository import TABLE

SHARD_COUNT = 8  # a flash sale exceeds the write throughput of one DynamoDB partition


def add_tickets(created: TicketCreated) -> None:
    """Store the tickets of the buyer."""
    values = {"buyer": created.user_id, "created": set(created.ticket_ids)}
    _update(created.event_id, created.booking_id, "SET #buyer_id = :buyer ADD #created :created", values)


def record_transfer(transferred: TicketTransferred) -> None:
    """Store a transfer from one user to another."""
    transfer = f"{transferred.ticket_id}>{transferred.from_user_id}>{transferred.user_id}"
    _update(transferred.event_id, transferred.booking_id, "ADD #transferred :transferred", {"transferred": {transfer}})


def record_void(event: TicketVoided) -> None:
    """Store void tickets; without ticket ids, all tickets of the booking are void."""
    if event.ticket_ids:
        _update(event.event_id, event.booking_id, "ADD #voided :voided", {"voided": set(event.ticket_ids)})
    else:
        _update(event.event_id, event.booking_id, "SET #all_voided = :true", {"true": True})


def list_bookings(event_id: str, shard: int, after: str | None, limit: int) -> tuple[list[Item], str | None]:
    """Return bookings of a shard after a sort key, and the last sort key if there may be more."""
    pk = f"{event_id}#{shard}"
    start_key: Key | None = {"pk": pk, "sk": after} if after else None
    bookings, last_key = store.query(TABLE, "#pk = :pk", {"pk": pk}, limit=limit, start=start_key)
    return bookings, str(last_key["sk"]) if last_key else None


def current_holders(booking: Item) -> list[str]:
    """Return the ids of the users who hold a valid ticket of the booking, sorted and distinct."""
    if booking.get("all_voided"):
        return []
    owner_by_ticket = dict.fromkeys(booking.get("created", ()), booking.get("buyer_id", ""))
    ticket_counts = Counter(owner_by_ticket.values())
    for transfer in booking.get("transferred", ()):
        ticket_id, sender, recipient = transfer.split(">")
        ticket_counts.update({sender: -1, recipient: 1})
        owner_by_ticket[ticket_id] = recipient
    ticket_counts.subtract(owner_by_ticket.get(ticket_id, "") for ticket_id in booking.get("voided", ()))
    return sorted(user_id for user_id, tickets in ticket_counts.items() if user_id and tickets > 0)


def _update(event_id: str, booking_id: str, expression: str, values: dict[str, Any]) -> None:
    shard = crc32(booking_id.encode()) % SHARD_COUNT
    key = {"pk": f"{event_id}#{shard}", "sk": f"booking#{booking_id}"}
    store.write(Update(TABLE, key, expression, values=values))
