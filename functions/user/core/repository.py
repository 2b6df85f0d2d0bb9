"""Storage of profiles and settings: two items per user, with independent versions."""

from collections.abc import Mapping
from typing import Any

from common import store
from common.bus import BusEvent
from common.bus.auth import UserRegistered
from common.conditional_requests import StaleVersion
from common.outbox import event_entry, new_item, own_write, versioned_update
from common.store import ConditionFailed, Item, Put, Update
from user.core import directory
from user.core.errors import UserNotFound

TABLE = "users"
_DEFAULT_SETTINGS = {"zone": "UTC", "channels": ["email"]}


def create(event: UserRegistered) -> None:
    """Create the profile and the settings unless they exist."""
    names = event.model_dump(include={"user_name", "first_name", "last_name", "mobile_phone"})
    profile = directory.with_listing_keys(_new_item(event, "profile", names))
    settings = _new_item(event, "settings", _DEFAULT_SETTINGS | {"locale": event.locale})
    store.write(directory.day_item(profile))
    try:
        store.transact([Put(TABLE, item, condition="attribute_not_exists(#pk)") for item in (profile, settings)])
    except ConditionFailed:
        return  # delivered before


def get(user_id: str, kind: str) -> Item:
    """Return the user's `profile` or `settings` item. Raises UserNotFound."""
    item = find(user_id, kind)
    if not item or "erased_at" in item:
        raise UserNotFound
    return item


def find(user_id: str, kind: str) -> Item | None:
    """Return the item, which may be a tombstone, or None."""
    return store.get(TABLE, key(user_id, kind))


def replace(current: Item, attributes: Mapping[str, Any], actor: str, event_type: type[BusEvent]) -> Item:
    """Set the attributes (None removes one); no write if nothing changes. Returns the item. Raises StaleVersion."""
    if all(current.get(name) == value for name, value in attributes.items()):
        return current
    try:
        return store.write(_update(current, attributes, actor, event_type))
    except ConditionFailed as failure:
        written = own_write(failure)
        if written is None:
            raise StaleVersion from None
        return written  # the response to this very write was lost


def _update(current: Item, attributes: Mapping[str, Any], actor: str, event_type: type[BusEvent]) -> Update:
    return versioned_update(
        TABLE,
        key(current["pk"], current["sk"]),
        trigger="update",
        actor=actor,
        sets={name: value for name, value in attributes.items() if value is not None} | {"updated_by": actor},
        removes=[name for name, value in attributes.items() if value is None],
        publish=[event_entry(event_type)],
        # Also makes the SDK's retries publish once.
        condition="#version = :seen",
        values={"seen": current["version"]},
        log=False,
    )


def _new_item(event: UserRegistered, kind: str, attributes: Mapping[str, Any]) -> Item:
    item = key(event.user_id, kind) | {"id": event.user_id} | dict(attributes)
    return new_item(item, actor=event.user_id)


def key(user_id: str, kind: str) -> dict[str, str]:
    return {"pk": user_id, "sk": kind}
