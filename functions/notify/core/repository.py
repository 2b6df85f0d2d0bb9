"""Where notifications are kept, and on what conditions.

pk               sk            what
notification id  notification  what a user is told
user id          contact       contacts.py
event id         event         shows.py
event id         run#<name>    runs.py
booking id       booking       shows.py
event id#shard   booking#<id>  holders.py
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from common import clock, store
from common.bus.notify import NotiCreated, NotiPending
from common.cursor import Page
from common.outbox import born, entry, mine, transition
from common.paging import Paging
from common.sifted import Sifted
from common.store import ConditionFailed, Item, Put, Update
from notify.core.model import LIFECYCLE, Notification, State, Trigger

TABLE = "notifications"
NEW = "attribute_not_exists(#pk)"

_WE = "notify"


def begin(new: Notification) -> None:
    """Write the notification PENDING, unless it is there."""
    item = _key(new.id) | asdict(new) | {"kind": str(new.kind), "status": str(State.PENDING)}
    try:
        store.write(Put(TABLE, born(item, actor=_WE, publish=[entry(NotiPending)], followed=True), condition=NEW))
    except ConditionFailed:
        return


def find(notification_id: str) -> Item | None:
    return store.get(TABLE, _key(notification_id))


def listed(user_id: str, paging: Paging, *, unread: bool | None) -> Page:
    """A page of what the user was told; only of what is unread, or was read, if asked."""
    about = {None: None, True: "unread", False: "read"}[unread]
    mine = Sifted(TABLE, "by_user", "user_id", (user_id,))
    return mine.page(paging, about=about, fits=lambda item: ("read_at" not in item) == unread)


def sent(notification_id: str, message_id: str) -> bool:
    """The mail service has it; False if another delivery had said so."""
    facts = {"message_id": message_id, "sent_at": clock.iso(clock.now())}
    return _moved(_ending(notification_id, Trigger.SEND, sets=facts, publish=[entry(NotiCreated)]))


def ended(notification_id: str, how: Trigger) -> bool:
    """Nothing was sent, for this reason; False if that is settled already."""
    return _moved(_ending(notification_id, how))


def again(notification_id: str, *, by: str, unless_since: datetime) -> Item:
    """The notification is to be sent again, unless that was asked for since. Raises ConditionFailed."""
    calm = "(attribute_not_exists(#pending_at) OR #pending_at <= :since)"
    update = transition(
        TABLE, _key(notification_id), LIFECYCLE, Trigger.RESEND,
        actor=by, publish=[entry(NotiPending)], also=calm, values={"since": clock.iso(unless_since)},
    )  # fmt: skip
    try:
        return store.write(update)
    except ConditionFailed as failure:
        done = mine(failure)  # and the reply was lost
        if done is None:
            raise
        return done


def marked(notice: Item, *, read: bool) -> Item:
    """The notification with or without the mark that it was read; when it first was does not move."""
    if read == ("read_at" in notice):
        return notice
    # A mark is no step of the notification's way: neither its version nor its log moves.
    how = "SET #read_at = if_not_exists(#read_at, :now)" if read else "REMOVE #read_at"
    values = {"now": clock.iso(clock.now())}
    return store.write(Update(TABLE, _key(notice["id"]), how, condition="attribute_exists(#pk)", values=values))


def _ending(notification_id: str, how: Trigger, **more: Any) -> Update:
    return transition(TABLE, _key(notification_id), LIFECYCLE, how, actor=_WE, **more)


def _moved(update: Update) -> bool:
    try:
        store.write(update)
    except ConditionFailed:
        return False
    return True


def contact_key(user_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": "contact"}


def _key(notification_id: str) -> dict[str, str]:
    return {"pk": notification_id, "sk": "notification"}
