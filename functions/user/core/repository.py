"""Where user keeps profiles."""

from common import store
from common.bus.auth import UserRegistered
from common.bus.user import UserUpdated
from common.outbox import born, change, entry
from common.store import ConditionFailed, Item, Put
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
    """The profile as it now is. Raises UserUnknown."""
    sets = profile.model_dump(mode="json", exclude_none=True)
    removes = ["birth_day"] if profile.birth_day is None else []
    publish = [entry(UserUpdated)]
    update = change(_TABLE, _key(user_id), trigger="update", actor=actor, sets=sets, removes=removes, publish=publish)
    try:
        return store.write(update)
    except ConditionFailed:
        raise UserUnknown from None


def _key(user_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": "profile"}
