"""One thing told to everybody with tickets for an event: slice by slice, from where the last ended.

A run is an item with a checkpoint. A slice that is repeated finds its notifications written, so a
death between any two writes costs nothing; who was told is never told again.
"""

from collections.abc import Mapping
from typing import Any

from common import ids, store
from common.store import ConditionFailed, Item, Put, Update
from notify.core import holders, repository
from notify.core.model import Kind, Notification
from notify.core.repository import NEW, TABLE

SLICE = 100  # bookings


def find(event_id: str, name: str) -> Item | None:
    return store.get(TABLE, _key(event_id, name))


def begin(event_id: str, name: str, kind: Kind, facts: Mapping[str, Any]) -> Item:
    """The run, as whoever began it first has it."""
    item = _key(event_id, name) | {"event_id": event_id, "name": name, "kind": str(kind), "facts": facts, "shard": 0}
    try:
        store.write(Put(TABLE, item, condition=NEW))
    except ConditionFailed as failure:
        return failure.old[0] or item
    return item


def go_on(run: Item) -> bool:
    """Tell the next slice; whether that was the last."""
    left, shard, after = SLICE, int(run["shard"]), run.get("after")
    while left > 0 and shard < holders.SHARDS:
        bookings, on = holders.page(run["event_id"], shard, after, left)
        for booking in bookings:
            for user_id in holders.owners(booking):
                repository.begin(_notification(run, user_id))
        left -= len(bookings)
        shard, after = (shard, on) if on else (shard + 1, None)
    _reached(run, shard, after)
    return shard == holders.SHARDS


def _notification(run: Item, user_id: str) -> Notification:
    kind = Kind(run["kind"])
    notification_id = ids.derive("notification", str(kind), run["event_id"], run["name"], user_id)
    return Notification(notification_id, user_id, kind, event_id=run["event_id"], facts=run["facts"])


def _reached(run: Item, shard: int, after: str | None) -> None:
    if (shard, after) == (run["shard"], run.get("after")):
        return
    place = "SET #shard = :shard, #after = :after" if after else "SET #shard = :shard REMOVE #after"
    same = "#shard = :was AND " + ("#after = :then" if "after" in run else "attribute_not_exists(#after)")
    values = {"shard": shard, "after": after, "was": run["shard"], "then": run.get("after")}
    try:
        store.write(Update(TABLE, _key(run["event_id"], run["name"]), place, condition=same, values=values))
    except ConditionFailed:
        return  # another delivery of the same message was quicker


def _key(event_id: str, name: str) -> dict[str, str]:
    return {"pk": event_id, "sk": f"run#{name}"}
