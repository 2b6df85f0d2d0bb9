"""A person who leaves: of their profile a tombstone stays, so that nothing that comes late brings them back."""

from common import clock, log, store
from common.bus.user import UserErased
from common.outbox import change, entry
from common.problems import Busy
from common.store import ConditionFailed, Delete, Item
from user.core import repository
from user.core.errors import UserUnknown

_TRIES = 4  # looks at a profile that changes under one's hands
_KEPT = {"pk", "sk", "id", "version", "operation", "logs", "outbox", "outbox_version", "created_at", "updated_at"}


def erase(user_id: str, actor: str) -> None:
    """Leave the tombstone and tell everybody; once there is one, nothing happens. Raises UserUnknown."""
    for _ in range(_TRIES):
        before = repository.find(user_id, "profile")
        if not before:
            raise UserUnknown
        if "erased_at" in before or _buried(before, actor):
            return
    raise Busy


def _buried(before: Item, actor: str) -> bool:
    """False if the profile has changed meanwhile, and is to be looked at again."""
    moment = clock.iso(clock.now())
    update = change(
        repository.TABLE,
        repository.key(before["id"], "profile"),
        trigger="erase",
        actor=actor,
        sets={"erased_at": moment, "updated_at": moment},
        # What a tombstone may say is listed, not what it may not.
        removes=sorted(before.keys() - _KEPT),
        publish=[entry(UserErased)],
        condition="#version = :seen",
        values={"seen": before["version"]},
    )
    settings = Delete(repository.TABLE, repository.key(before["id"], "settings"))
    try:
        store.transact([update, settings])
    except ConditionFailed:
        return False
    log.count("UsersErased")
    return True
