"""Who has tickets for an event: one item per booking, in shards of the event.

Each bus event adds to sets, so that neither order nor repetition matters; who has a ticket now is
counted from them.
"""

from collections import Counter
from typing import Any
from zlib import crc32

from common import store
from common.bus.ticket import TicketCreated, TicketTransferred, TicketVoided
from common.store import Item, Key, Update
from notify.core.repository import TABLE

SHARDS = 8  # a hot sale's tickets come faster than one partition of the table takes writes


def given(created: TicketCreated) -> None:
    """The buyer has these tickets."""
    values = {"buyer": created.user_id, "made": set(created.ticket_ids)}
    _add(created.event_id, created.booking_id, "SET #buyer_id = :buyer ADD #made :made", values)


def moved(transferred: TicketTransferred) -> None:
    """One ticket fewer for the one, one more for the other."""
    move = f"{transferred.ticket_id}>{transferred.from_user_id}>{transferred.user_id}"
    _add(transferred.event_id, transferred.booking_id, "ADD #moved :moved", {"moved": {move}})


def voided(event: TicketVoided) -> None:
    """These tickets admit nobody any more, or all of the booking's."""
    if event.ticket_ids:
        _add(event.event_id, event.booking_id, "ADD #void :void", {"void": set(event.ticket_ids)})
    else:
        _add(event.event_id, event.booking_id, "SET #ended = :yes", {"yes": True})


def page(event_id: str, shard: int, after: str | None, limit: int) -> tuple[list[Item], str | None]:
    """Bookings of one shard with their tickets, and the last of them if there may be more."""
    pk = f"{event_id}#{shard}"
    start: Key | None = {"pk": pk, "sk": after} if after else None
    found, on = store.query(TABLE, "#pk = :pk", {"pk": pk}, limit=limit, start=start)
    return found, str(on["sk"]) if on else None


def owners(booking: Item) -> list[str]:
    """Who has a valid ticket of the booking, each once."""
    if booking.get("ended"):
        return []
    owner = dict.fromkeys(booking.get("made", ()), booking.get("buyer_id", ""))
    count = Counter(owner.values())
    for move in booking.get("moved", ()):
        ticket_id, giver, taker = move.split(">")
        count.update({giver: -1, taker: 1})
        owner[ticket_id] = taker
    count.subtract(owner.get(ticket_id, "") for ticket_id in booking.get("void", ()))
    return sorted(user_id for user_id, tickets in count.items() if user_id and tickets > 0)


def _add(event_id: str, booking_id: str, expression: str, values: dict[str, Any]) -> None:
    shard = crc32(booking_id.encode()) % SHARDS
    key = {"pk": f"{event_id}#{shard}", "sk": f"booking#{booking_id}"}
    store.write(Update(TABLE, key, expression, values=values))
