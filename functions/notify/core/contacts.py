"""How people are reached and what they want to hear, copied from auth and user.

Personal data: never logged, never published. Of somebody who left only `erased_at` remains, and
whatever is said of them later finds that and stays away.
"""

from collections.abc import Mapping
from typing import Any

from common import store
from common.bus.auth import UserRegistered
from common.bus.user import SettingsChanged, UserUpdated
from common.store import ConditionFailed, Update
from notify.core.model import Contact
from notify.core.repository import TABLE, contact_key

_NAMES = ("user_name", "first_name", "last_name")
_STAYS = "attribute_not_exists(#erased_at)"


class ContactMissing(Exception):
    """The user's address has not arrived yet; trying again will find it."""


def keep(user: UserRegistered) -> None:
    """Keep the address; names and a language that other news brought before are newer and stay."""
    kept = ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in (*_NAMES, "locale"))
    values = {"email": user.email, "locale": user.locale} | user.model_dump(include=set(_NAMES))
    _write(user.user_id, f"SET #email = :email, {kept}", _STAYS, values)


def rename(user: UserUpdated) -> None:
    """Keep the newest names, even before the address is known. Those of the registration have no version."""
    _newest(user.user_id, "names_version", user.version, user.model_dump(include=set(_NAMES)))


def settle(settings: SettingsChanged) -> None:
    """Keep the newest settings."""
    told = {"locale": settings.locale, "zone": settings.zone, "channels": list(settings.channels)}
    _newest(settings.user_id, "settings_version", settings.version, told)


def find(user_id: str) -> Contact | None:
    """How to reach the user, None if they left. Raises ContactMissing until the address is known."""
    found = store.get(TABLE, contact_key(user_id)) or {}
    if "erased_at" in found:
        return None
    if "email" not in found:
        raise ContactMissing
    told = {name: found[name] for name in ("email", "first_name", "locale") if name in found}
    return Contact(**told, channels=tuple(found.get("channels", ("email",))))


def known(user_id: str) -> bool:
    """Whether the user's address has arrived."""
    return "email" in (store.get(TABLE, contact_key(user_id)) or {})


def _newest(user_id: str, counter: str, version: int, told: Mapping[str, Any]) -> None:
    newer = f"(attribute_not_exists(#{counter}) OR #{counter} < :{counter})"
    values = {counter: version} | dict(told)
    _write(user_id, f"SET {', '.join(f'#{name} = :{name}' for name in values)}", f"{newer} AND {_STAYS}", values)


def _write(user_id: str, expression: str, condition: str, values: Mapping[str, Any]) -> None:
    try:
        store.write(Update(TABLE, contact_key(user_id), expression, condition=condition, values=values))
    except ConditionFailed:
        return
