"""Where contacts and notifications are kept, and on what conditions.

pk               sk            what
user id          contact       personal data, copied from auth and user; never logged, never published;
                               with `erased_at`, a tombstone and nothing else
notification id  notification  what a user is told
"""

from contextlib import suppress
from dataclasses import asdict

from common import clock, store
from common.bus.auth import UserRegistered
from common.bus.notify import NotiCreated, NotiPending
from common.bus.user import UserUpdated
from common.cursor import Listing
from common.outbox import born, entry, transition
from common.store import ConditionFailed, Put, Update
from notify.core.model import LIFECYCLE, Contact, Notification, State, Trigger

TABLE = "notifications"
MINE = Listing(TABLE, "by_user", "user_id", "created_at")

_WE = "notify"
_NAMES = ("user_name", "first_name", "last_name")
_STAYS = "attribute_not_exists(#erased_at)"  # a tombstone is never a contact again


class ContactMissing(Exception):
    """The user's address has not arrived yet; trying again will find it."""


def keep_contact(user: UserRegistered) -> None:
    """Keep the address; names that an update has brought before are newer and stay."""
    names = ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in _NAMES)
    values = {"email": user.email} | user.model_dump(include=set(_NAMES))
    _keep(Update(TABLE, contact_key(user.user_id), f"SET #email = :email, {names}", condition=_STAYS, values=values))


def keep_names(user: UserUpdated) -> None:
    """Keep the newest names, even before the address is known. Those of the registration have no version."""
    names = ", ".join(f"#{name} = :{name}" for name in _NAMES)
    values = {"names_version": user.version} | user.model_dump(include=set(_NAMES))
    newer = f"{_STAYS} AND (attribute_not_exists(#names_version) OR #names_version < :names_version)"
    expression = f"SET #names_version = :names_version, {names}"
    _keep(Update(TABLE, contact_key(user.user_id), expression, condition=newer, values=values))


def contact(user_id: str) -> Contact | None:
    """How to reach the user; None if they have been erased. Raises ContactMissing."""
    found = store.get(TABLE, contact_key(user_id)) or {}
    if "erased_at" in found:
        return None
    if "email" not in found:
        raise ContactMissing
    return Contact(found["email"], found["first_name"])


def begin(new: Notification) -> State:
    """Write the notification PENDING, unless it is there. Returns its state."""
    item = _key(new.id) | asdict(new) | {"kind": str(new.kind), "status": str(State.PENDING)}
    try:
        store.write(
            Put(TABLE, born(item, actor=_WE, publish=[entry(NotiPending)]), condition="attribute_not_exists(#pk)")
        )
    except ConditionFailed as failure:
        return State((failure.old[0] or item)["status"])
    return State.PENDING


def sent(notification_id: str, message_id: str) -> bool:
    """The mail service has it; False if another delivery had said so."""
    facts = {"message_id": message_id, "sent_at": clock.iso(clock.now())}
    told = [entry(NotiCreated)]
    return _moved(
        transition(TABLE, _key(notification_id), LIFECYCLE, Trigger.SEND, actor=_WE, sets=facts, publish=told)
    )


def failed(notification_id: str) -> bool:
    """It could not be sent; False if that is settled already."""
    return _moved(transition(TABLE, _key(notification_id), LIFECYCLE, Trigger.FAIL, actor=_WE))


def dropped(notification_id: str) -> bool:
    """There is nothing left to tell; False if it is settled already."""
    return _moved(transition(TABLE, _key(notification_id), LIFECYCLE, Trigger.DROP, actor=_WE))


def _moved(update: Update) -> bool:
    try:
        store.write(update)
    except ConditionFailed:
        return False
    return True


def _keep(update: Update) -> None:
    with suppress(ConditionFailed):  # what is there is newer, or a tombstone
        store.write(update)


def contact_key(user_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": "contact"}


def _key(notification_id: str) -> dict[str, str]:
    return {"pk": notification_id, "sk": "notification"}
