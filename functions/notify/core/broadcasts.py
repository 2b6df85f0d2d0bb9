"""Broadcasts: notify all ticket holders of an event, batch by batch.

A broadcast is an item with a checkpoint. Notification ids are derived from the broadcast and the user, so a repeated
batch creates no duplicates, and a crash between two writes loses nothing.
"""

from collections.abc import Mapping
from typing import Any

from common import ids, store
from common.store import ConditionFailed, Item, Put, Update
from notify.core import repository, ticket_holders
from notify.core.model import Kind, Notification
from notify.core.repository import IS_NEW, TABLE

BATCH_SIZE = 100  # bookings


def find(event_id: str, name: str) -> Item | None:
    return store.get(TABLE, _key(event_id, name))


def start(event_id: str, name: str, kind: Kind, facts: Mapping[str, Any]) -> Item:
    """Create the broadcast and return it; an existing one is returned unchanged."""
    item = _key(event_id, name) | {"event_id": event_id, "name": name, "kind": str(kind), "facts": facts, "shard": 0}
    try:
        store.write(Put(TABLE, item, condition=IS_NEW))
    except ConditionFailed as failure:
        return failure.old_items[0] or item
    return item


def send_next_batch(broadcast: Item) -> bool:
    """Create the notifications of the next batch. Return whether it was the last."""
    remaining, shard, after = BATCH_SIZE, int(broadcast["shard"]), broadcast.get("after")
    while remaining > 0 and shard < ticket_holders.SHARD_COUNT:
        bookings, next_key = ticket_holders.list_bookings(broadcast["event_id"], shard, after, remaining)
        for booking in bookings:
            for user_id in ticket_holders.current_holders(booking):
                repository.create_pending(_notification(broadcast, user_id))
        remaining -= len(bookings)
        shard, after = (shard, next_key) if next_key else (shard + 1, None)
    _save_checkpoint(broadcast, shard, after)
    return shard == ticket_holders.SHARD_COUNT


def _notification(broadcast: Item, user_id: str) -> Notification:
    kind = Kind(broadcast["kind"])
    notification_id = ids.derive("notification", str(kind), broadcast["event_id"], broadcast["name"], user_id)
    return Notification(notification_id, user_id, kind, event_id=broadcast["event_id"], facts=broadcast["facts"])


def _save_checkpoint(broadcast: Item, shard: int, after: str | None) -> None:
    if (shard, after) == (broadcast["shard"], broadcast.get("after")):
        return
    expression = "SET #shard = :shard, #after = :after" if after else "SET #shard = :shard REMOVE #after"
    same_position = "#after = :old_after" if "after" in broadcast else "attribute_not_exists(#after)"
    condition = f"#shard = :old_shard AND {same_position}"
    values = {"shard": shard, "after": after, "old_shard": broadcast["shard"], "old_after": broadcast.get("after")}
    key = _key(broadcast["event_id"], broadcast["name"])
    try:
        store.write(Update(TABLE, key, expression, condition=condition, values=values))
    except ConditionFailed:
        return  # another delivery of the same message has saved it


def _key(event_id: str, name: str) -> dict[str, str]:
    return {"pk": event_id, "sk": f"broadcast#{name}"}
