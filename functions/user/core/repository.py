"""Where user keeps profiles."""

from collections.abc import Mapping
from typing import Any

from common import store
from common.bus.auth import UserRegistered
from common.bus.user import UserUpdated
from common.outbox import born, change, entry, mine
from common.store import ConditionFailed, Item, Put, Update
from user.core.errors import UserUnknown
from user.core.schemas import UserRequest

_TABLE = "users"


def create(registered: UserRegistered) -> None:
    """The profile of a new user; one that exists stays as it is."""
    named = registered.model_dump(include={"user_name", "first_name", "last_name", "mobile_phone"})
    item = _key(registered.user_id) | {"id": registered.user_id} | named
    try:
        store.write(Put(_TABLE, born(item, actor=registered.user_id), condition="attribute_not_exists(#pk)"))
    except ConditionFailed:
        return  # delivered before


def get(user_id: str) -> Item:
    """Raises UserUnknown."""
    item = store.get(_TABLE, _key(user_id))
    if not item:
        raise UserUnknown
    return item


def replace(user_id: str, profile: UserRequest, actor: str) -> Item:
    """The profile as it now is; one that is so already is not written. Raises UserUnknown."""
    before, wanted = get(user_id), profile.model_dump(mode="json")
    if all(before.get(name) == value for name, value in wanted.items()):
        return before
    try:
        return store.write(_replacement(user_id, wanted, actor))
    except ConditionFailed as failure:
        written = mine(failure)
        if written is None:
            raise UserUnknown from None
        return written  # and the reply was lost


def _replacement(user_id: str, wanted: Mapping[str, Any], actor: str) -> Update:
    return change(
        _TABLE,
        _key(user_id),
        trigger="update",
        actor=actor,
        sets={name: value for name, value in wanted.items() if value is not None} | {"updated_by": actor},
        removes=[name for name, value in wanted.items() if value is None],
        publish=[entry(UserUpdated)],
        # The SDK repeats a write whose reply was lost: the others are told once.
        condition="attribute_exists(#pk) AND #operation <> :operation",
        log=False,
    )


def _key(user_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": "profile"}
