"""Erasure of a user: their notifications stay, because they hold no personal data."""

from common import clock, store
from common.dead_letters import purge_user_messages
from common.store import Put
from notify.core.repository import TABLE, contact_key


def erase_user_data(user_id: str) -> None:
    """Replace the contact with a tombstone, which blocks later updates and e-mails."""
    purge_user_messages(user_id)
    store.write(Put(TABLE, contact_key(user_id) | {"erased_at": clock.iso(clock.now())}))
