"""Erasure of a user: a tombstone replaces the profile, so that late events do not restore it."""

from common import clock, log, store
from common.bus.user import UserErased
from common.outbox import event_entry, versioned_update
from common.problems import ServiceUnavailable
from common.store import ConditionFailed, Delete, Item
from user.core import repository
from user.core.errors import UserNotFound

_TRIES = 4  # if the profile changes concurrently
_TOMBSTONE_ATTRIBUTES = {
    "pk",
    "sk",
    "id",
    "version",
    "operation",
    "logs",
    "outbox",
    "outbox_version",
    "created_at",
    "updated_at",
}


def erase(user_id: str, actor: str) -> None:
    """Write the tombstone and publish UserErased; no-op for a tombstone. Raises UserNotFound, ServiceUnavailable."""
    for _ in range(_TRIES):
        profile = repository.find(user_id, "profile")
        if not profile:
            raise UserNotFound
        if "erased_at" in profile or _write_tombstone(profile, actor):
            return
    raise ServiceUnavailable


def _write_tombstone(profile: Item, actor: str) -> bool:
    """Return False if the profile has changed concurrently."""
    now = clock.iso(clock.now())
    update = versioned_update(
        repository.TABLE,
        repository.key(profile["id"], "profile"),
        trigger="erase",
        actor=actor,
        sets={"erased_at": now, "updated_at": now},
        # An allow-list: attributes added later are removed too.
        removes=sorted(profile.keys() - _TOMBSTONE_ATTRIBUTES),
        publish=[event_entry(UserErased)],
        condition="#version = :seen",
        values={"seen": profile["version"]},
    )
    settings_deletion = Delete(repository.TABLE, repository.key(profile["id"], "settings"))
    try:
        store.transact([update, settings_deletion])
    except ConditionFailed:
        return False
    log.count("UsersErased")
    return True
