"""What a door knows of an event beside its tickets: how many there are, and which codes are dead.

Both are written in the transaction that makes them so, spread over SHARDS so that no item is common
to all tickets of an event, and are read whole, one query per shard.

pk                sk                      what
event id#shard    count                   tickets made, void or rejected again, checked in
event id#shard    revoked#<booking id>    the tickets of a booking, dead in all their serials
event id#shard    revoked#<ticket id>     one ticket, dead up to `serial`; in all if there is none
"""

import zlib
from collections import Counter
from collections.abc import Sequence

from common import store
from common.store import Item, Put, Update

TABLE = "tickets"
SHARDS = 8
COUNTED = ("issued", "void", "checked_in")


def counted(event_id: str, told: str, **more: int) -> Update:
    """Count so many more; whatever tells of them, a booking or a ticket, finds the shard."""
    added = ", ".join(f"#{name} :{name}" for name in more)
    return Update(TABLE, {"pk": _shard(event_id, told), "sk": "count"}, f"ADD {added}", values=more)


def revoked(event_id: str, told: str, ticket_ids: Sequence[str], serial: int | None = None) -> Put:
    """From here on the tickets' codes are dead, up to that serial or all of them."""
    dead = {"tickets": list(ticket_ids), "serial": serial}
    return Put(TABLE, {"pk": _shard(event_id, told), "sk": f"revoked#{told}"} | dead)


def read(event_id: str) -> tuple[dict[str, int], dict[str, int | None]]:
    """All counts, and the last dead serial by ticket (None: every one is dead)."""
    counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
    dead: dict[str, int | None] = {}
    for at in range(SHARDS):
        for item in _items(f"{event_id}#{at}"):
            if item["sk"] == "count":
                counts.update({name: item.get(name, 0) for name in COUNTED})
            else:
                _die(dead, item)
    return dict(counts), dead


def _die(dead: dict[str, int | None], item: Item) -> None:
    for one in item["tickets"]:
        before, now = dead.get(one, 0), item.get("serial")
        dead[one] = None if before is None or now is None else max(before, now)


def _items(pk: str) -> list[Item]:
    found, at = store.query(TABLE, "#pk = :pk", {"pk": pk})
    while at:
        page, at = store.query(TABLE, "#pk = :pk", {"pk": pk}, start=at)
        found += page
    return found


def _shard(event_id: str, told: str) -> str:
    return f"{event_id}#{zlib.crc32(told.encode()) % SHARDS}"
