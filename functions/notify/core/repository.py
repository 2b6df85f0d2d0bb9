"""Reads and conditional writes of notifications.

Items of the table:

pk               sk                module
notification id  notification      repository
user id          contact           contacts
event id         event             event_copy
event id         broadcast#<name>  broadcasts
booking id       booking           event_copy
event id#shard   booking#<id>      ticket_holders
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from common import clock, store
from common.bus.notify import NotiCreated, NotiPending
from common.outbox import event_entry, new_item, own_write, transition
from common.pagination.filtered import FilteredPaginator
from common.pagination.paginator import Page, PageParams
from common.store import ConditionFailed, Item, Put, Update
from notify.core.model import LIFECYCLE, Notification, State, Trigger

TABLE = "notifications"
IS_NEW = "attribute_not_exists(#pk)"

_ACTOR = "notify"


def create_pending(notification: Notification) -> None:
    """Create the notification in state PENDING, unless it exists."""
    fields = asdict(notification) | {"kind": str(notification.kind), "status": str(State.PENDING)}
    publish = [event_entry(NotiPending)]
    item = new_item(_key(notification.id) | fields, actor=_ACTOR, publish=publish, keep_correlation=True)
    try:
        store.write(Put(TABLE, item, condition=IS_NEW))
    except ConditionFailed:
        return


def find(notification_id: str) -> Item | None:
    return store.get(TABLE, _key(notification_id))


def list_by_user(user_id: str, paging: PageParams, *, unread: bool | None) -> Page:
    """Return a page of the user's notifications, newest first; only unread or read ones if `unread` is given."""
    read_state = {None: None, True: "unread", False: "read"}[unread]
    paginator = FilteredPaginator(TABLE, "by_user", "user_id", (user_id,))
    return paginator.page(paging, filter_name=read_state, predicate=lambda item: ("read_at" not in item) == unread)


def mark_sent(notification_id: str, message_id: str) -> bool:
    """Mark the notification as SENT. Return False if it is no longer PENDING."""
    sets = {"message_id": message_id}
    return _try_write(_transition(notification_id, Trigger.SEND, sets=sets, publish=[event_entry(NotiCreated)]))


def finish(notification_id: str, trigger: Trigger) -> bool:
    """End a PENDING notification that is not sent. Return False if it is no longer PENDING."""
    return _try_write(_transition(notification_id, trigger))


def requeue(notification_id: str, *, actor: str, unless_requested_since: datetime) -> Item:
    """Return the notification in state PENDING again. Raises ConditionFailed, also if it was requeued since."""
    not_requested_since = "(attribute_not_exists(#pending_at) OR #pending_at <= :since)"
    update = transition(
        TABLE,
        _key(notification_id),
        LIFECYCLE,
        Trigger.RESEND,
        actor=actor,
        publish=[event_entry(NotiPending)],
        extra_condition=not_requested_since,
        values={"since": clock.iso(unless_requested_since)},
    )
    try:
        return store.write(update)
    except ConditionFailed as failure:
        stored = own_write(failure)  # our own write, whose response was lost
        if stored is None:
            raise
        return stored


def set_read(notification: Item, *, read: bool) -> Item:
    """Set or remove `read_at` and return the notification; a repeated mark keeps the first `read_at`."""
    if read == ("read_at" in notification):
        return notification
    # Not a state transition: version and log stay unchanged.
    expression = "SET #read_at = if_not_exists(#read_at, :now)" if read else "REMOVE #read_at"
    values = {"now": clock.iso(clock.now())}
    return store.write(
        Update(TABLE, _key(notification["id"]), expression, condition="attribute_exists(#pk)", values=values)
    )


def _transition(notification_id: str, trigger: Trigger, **options: Any) -> Update:
    return transition(TABLE, _key(notification_id), LIFECYCLE, trigger, actor=_ACTOR, **options)


def _try_write(update: Update) -> bool:
    try:
        store.write(update)
    except ConditionFailed:
        return False
    return True


def contact_key(user_id: str) -> dict[str, str]:
    return {"pk": user_id, "sk": "contact"}


def _key(notification_id: str) -> dict[str, str]:
    return {"pk": notification_id, "sk": "notification"}
