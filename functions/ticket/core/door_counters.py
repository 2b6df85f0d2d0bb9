"""Ticket counts and revocations of an event.

They are written in the transaction that changes the tickets, and spread over SHARDS so that no item is
shared by all tickets of an event. Reading takes one query per shard.

pk                sk                      item
event id#shard    count                   tickets issued, void (or rejected) and checked in
event id#shard    revoked#<booking id>    the tickets of a booking, revoked in all serials
event id#shard    revoked#<ticket id>     one ticket, revoked up to `serial`, or in all serials without it
"""

import zlib
from collections import Counter
from collections.abc import Sequence

from common import store
from common.store import Item, Put, Update

TABLE = "tickets"
SHARDS = 8
COUNTERS = ("issued", "void", "checked_in")


def count(event_id: str, subject_id: str, **increments: int) -> Update:
    """Add to the event's counters, in the shard of the subject: a booking or a ticket."""
    additions = ", ".join(f"#{name} :{name}" for name in increments)
    return Update(TABLE, {"pk": _shard_key(event_id, subject_id), "sk": "count"}, f"ADD {additions}", values=increments)


def revoke(event_id: str, subject_id: str, ticket_ids: Sequence[str], serial: int | None = None) -> Put:
    """Revoke the codes of the tickets: up to the serial, or all without one."""
    revocation = {"tickets": list(ticket_ids), "serial": serial}
    return Put(TABLE, {"pk": _shard_key(event_id, subject_id), "sk": f"revoked#{subject_id}"} | revocation)


def read(event_id: str) -> tuple[dict[str, int], dict[str, int | None]]:
    """The counts, and the highest revoked serial by ticket id (None: all serials)."""
    counts: Counter[str] = Counter(dict.fromkeys(COUNTERS, 0))
    revoked_serials: dict[str, int | None] = {}
    for shard in range(SHARDS):
        for item in _query_all(f"{event_id}#{shard}"):
            if item["sk"] == "count":
                counts.update({name: item.get(name, 0) for name in COUNTERS})
            else:
                _merge_revocation(revoked_serials, item)
    return dict(counts), revoked_serials


def _merge_revocation(revoked_serials: dict[str, int | None], item: Item) -> None:
    for ticket_id in item["tickets"]:
        previous, current = revoked_serials.get(ticket_id, 0), item.get("serial")
        revoked_serials[ticket_id] = None if previous is None or current is None else max(previous, current)


def _query_all(pk: str) -> list[Item]:
    items, start = store.query(TABLE, "#pk = :pk", {"pk": pk})
    while start:
        page, start = store.query(TABLE, "#pk = :pk", {"pk": pk}, start=start)
        items += page
    return items


def _shard_key(event_id: str, subject_id: str) -> str:
    return f"{event_id}#{zlib.crc32(subject_id.encode()) % SHARDS}"
