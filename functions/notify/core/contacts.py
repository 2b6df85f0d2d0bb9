"""Contacts: addresses, names and settings, copied from auth and user.

Personal data: never logged, never published. Erasure leaves a tombstone (`erased_at`), which blocks later updates.
"""

from collections.abc import Mapping
from typing import Any

from common import store
from common.bus.auth import UserRegistered
from common.bus.user import SettingsChanged, UserUpdated
from common.store import ConditionFailed, Update
from notify.core.model import Contact
from notify.core.repository import TABLE, contact_key

_NAME_FIELDS = ("user_name", "first_name", "last_name")
_NOT_ERASED = "attribute_not_exists(#erased_at)"


class ContactMissing(Exception):
    """The user's address has not arrived yet; retry later."""


def create(user: UserRegistered) -> None:
    """Store the address; names and language only if absent, because stored ones come from newer bus events."""
    defaults = ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in (*_NAME_FIELDS, "locale"))
    values = {"email": user.email, "locale": user.locale} | user.model_dump(include=set(_NAME_FIELDS))
    _write(user.user_id, f"SET #email = :email, {defaults}", _NOT_ERASED, values)


def update_names(user: UserUpdated) -> None:
    """Store the names if newer, even before the address is known. Names of the registration have no version."""
    _update_if_newer(user.user_id, "names_version", user.version, user.model_dump(include=set(_NAME_FIELDS)))


def apply_settings(settings: SettingsChanged) -> None:
    """Store the settings if newer."""
    fields = {"locale": settings.locale, "zone": settings.zone, "channels": list(settings.channels)}
    _update_if_newer(settings.user_id, "settings_version", settings.version, fields)


def find(user_id: str) -> Contact | None:
    """Return the contact, None if the user is erased. Raises ContactMissing until the address is known."""
    item = store.get(TABLE, contact_key(user_id)) or {}
    if "erased_at" in item:
        return None
    if "email" not in item:
        raise ContactMissing
    fields = {name: item[name] for name in ("email", "first_name", "locale") if name in item}
    return Contact(**fields, channels=tuple(item.get("channels", ("email",))))


def exists(user_id: str) -> bool:
    """Whether the user's address has arrived."""
    return "email" in (store.get(TABLE, contact_key(user_id)) or {})


def _update_if_newer(user_id: str, counter: str, version: int, fields: Mapping[str, Any]) -> None:
    is_newer = f"(attribute_not_exists(#{counter}) OR #{counter} < :{counter})"
    values = {counter: version} | dict(fields)
    _write(
        user_id, f"SET {', '.join(f'#{name} = :{name}' for name in values)}", f"{is_newer} AND {_NOT_ERASED}", values
    )


def _write(user_id: str, expression: str, condition: str, values: Mapping[str, Any]) -> None:
    try:
        store.write(Update(TABLE, contact_key(user_id), expression, condition=condition, values=values))
    except ConditionFailed:
        return
