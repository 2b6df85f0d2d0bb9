"""Somebody who left is told nothing any more; what they were told stays on record, without words."""

from common import clock, store
from common.dead_letters import sweep
from common.store import Put
from notify.core.repository import TABLE, contact_key


def forget(user_id: str) -> None:
    """In the contact's place a tombstone: what is told of them later finds it and stays away."""
    sweep(user_id)
    store.write(Put(TABLE, contact_key(user_id) | {"erased_at": clock.iso(clock.now())}))
