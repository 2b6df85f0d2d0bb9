"""Where user keeps profiles and settings: two items of each user, each with its own versions."""

from collections.abc import Mapping
from typing import Any

from common import store
from common.bus import BusEvent
from common.bus.auth import UserRegistered
from common.outbox import born, change, entry, mine
from common.revision import Changed
from common.store import ConditionFailed, Item, Put, Update
from user.core import directory
from user.core.errors import UserUnknown

TABLE = "users"
_DEFAULTS = {"zone": "UTC", "channels": ["email"]}


def create(registered: UserRegistered) -> None:
    """The profile and the settings of a new user; those that exist stay as they are."""
    named = registered.model_dump(include={"user_name", "first_name", "last_name", "mobile_phone"})
    profile = directory.listed(_born(registered, "profile", named))
    settings = _born(registered, "settings", _DEFAULTS | {"locale": registered.locale})
    store.write(directory.day(profile))
    try:
        store.transact([Put(TABLE, item, condition="attribute_not_exists(#pk)") for item in (profile, settings)])
    except ConditionFailed:
        return  # delivered before


def get(user_id: str, what: str) -> Item:
    """The user's profile or settings. Raises UserUnknown."""
    item = find(user_id, what)
    if not item or "erased_at" in item:
        raise UserUnknown
    return item


def find(user_id: str, what: str) -> Item | None:
    """As `get`, or what is left of somebody who was erased."""
    return store.get(TABLE, key(user_id, what))


def replace(before: Item, wanted: Mapping[str, Any], actor: str, told: type[BusEvent]) -> Item:
    """The item with what is wanted; one that is so already is not written. Raises Changed."""
    if all(before.get(name) == value for name, value in wanted.items()):
        return before
    try:
        return store.write(_replacement(before, wanted, actor, told))
    except ConditionFailed as failure:
        written = mine(failure)
        if written is None:
            raise Changed from None
        return written  # and the reply was lost


def _replacement(before: Item, wanted: Mapping[str, Any], actor: str, told: type[BusEvent]) -> Update:
    return change(
        TABLE,
        key(before["pk"], before["sk"]),
        trigger="update",
        actor=actor,
        sets={name: value for name, value in wanted.items() if value is not None} | {"updated_by": actor},
        removes=[name for name, value in wanted.items() if value is None],
        publish=[entry(told)],
        # The SDK repeats a write whose reply was lost: the others are told once.
        condition="#version = :seen",
        values={"seen": before["version"]},
        log=False,
    )


def _born(registered: UserRegistered, what: str, attributes: Mapping[str, Any]) -> Item:
    item = key(registered.user_id, what) | {"id": registered.user_id} | dict(attributes)
    return born(item, actor=registered.user_id)


def key(user_id: str, what: str) -> dict[str, str]:
    return {"pk": user_id, "sk": what}
