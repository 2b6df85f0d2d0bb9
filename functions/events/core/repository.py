"""An event's item, with its types: every edit holds only at the version that was read."""

from collections.abc import Sequence
from typing import Any

from common import outbox, store
from common.api import Caller, Paging
from common.bus.events import EventCancelled, EventChanged, EventPublished, EventTerms
from common.cursor import Listing, Page
from common.store import ConditionFailed, Item, Put, Update
from events.core import promises
from events.core.errors import ChangedMeanwhile, EventUnknown
from events.core.model import LIFECYCLE, Status, Trigger

TABLE = "events"
_OWN = Listing(TABLE, "by_organiser", "organiser_id", "created_at")


def find(event_id: str) -> Item | None:
    """The event, whoever's and in whatever state."""
    return store.get(TABLE, _key(event_id))


def public(event_id: str) -> Item:
    """The event as the public may see it. Raises EventUnknown."""
    event = find(event_id)
    if event is None or not promises.public(event):
        raise EventUnknown
    return event


def organised(event_id: str, caller: Caller) -> Item:
    """An event that is the caller's to manage. Raises EventUnknown."""
    event = find(event_id)
    if event is None or not caller.manages(event["organiser_id"]):
        raise EventUnknown
    return event


def own(organiser_id: str, paging: Paging) -> Page:
    """A page of all events of an organiser, drafts too, newest first."""
    return _OWN.page(organiser_id, limit=paging.limit, token=paging.token)


def add_event(draft: Item, *, by: str) -> tuple[Item, bool]:
    """The draft as stored, and whether it was there."""
    first = {"status": str(Status.DRAFT), "staff": [], "terms_version": 0}
    item = outbox.born(_key(draft["id"]) | first | draft, actor=by)
    try:
        return store.write(Put(TABLE, item, condition="attribute_not_exists(#pk)")), False
    except ConditionFailed as failure:
        existing = failure.old[0]
        if existing is None:
            raise
        return existing, outbox.mine(failure) is None


def edit(event: Item, trigger: str, changes: Item, *, by: str, sold: bool = False, log: bool = False) -> Item:
    """The event with these attributes, those that are None taken away.

    Whoever copies a published event is told; `sold` says whether it is sold under other terms now.
    Raises ChangedMeanwhile.
    """
    told = promises.public(event)
    terms = {"terms_version": event["terms_version"] + 1} if told and sold else {}
    update = outbox.change(
        TABLE,
        _key(event["id"]),
        trigger=trigger,
        actor=by,
        sets={name: value for name, value in changes.items() if value is not None} | terms,
        removes=[name for name, value in changes.items() if value is None],
        publish=[_told(EventChanged, event)] if told else [],
        log=log,
        condition=_UNCHANGED,
        values=_seen(event),
    )
    return _written(update)


def publish(event: Item, *, by: str) -> Item:
    """Put the event on sale and into the list. Raises ChangedMeanwhile."""
    listed = {"listed": "event", "listed_as": f"{event['starts_at']}#{event['id']}"}
    return _moved(event, Trigger.PUBLISH, [_told(EventPublished, event)], listed | {"terms_version": 1}, by=by)


def cancel(event: Item, message: str, *, by: str) -> Item:
    """Call the event off; of a draft nobody has heard. Raises ChangedMeanwhile."""
    if not promises.public(event):
        return _moved(event, Trigger.CANCEL, [], {"message": message}, by=by)
    terms = {"message": message, "terms_version": event["terms_version"] + 1}
    told = _told(EventCancelled, event, by="organiser" if by == event["organiser_id"] else "admin")
    return _moved(event, Trigger.CANCEL, [told], terms, by=by)


def end(event: Item) -> Item:
    """The event is over. Raises ChangedMeanwhile."""
    terms = {"terms_version": event["terms_version"] + 1}
    return _moved(event, Trigger.END, [_told(EventChanged, event)], terms, by="clock")


_UNCHANGED = "#version = :seen"


def _seen(event: Item) -> dict[str, Any]:
    return {"seen": event["version"]}


def _key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "event"}


def _told(kind: type[EventTerms], event: Item, **more: str) -> dict[str, Any]:
    # The version that the write will give it: the write holds only at the one that was seen.
    return outbox.entry(kind, event_version=event["version"] + 1, **more)


def _moved(event: Item, trigger: Trigger, told: Sequence[dict[str, Any]], sets: Item, *, by: str) -> Item:
    update = outbox.transition(
        TABLE,
        _key(event["id"]),
        LIFECYCLE,
        trigger,
        actor=by,
        sets=sets,
        publish=told,
        also=_UNCHANGED,
        values=_seen(event),
    )
    return _written(update)


def _written(update: Update) -> Item:
    try:
        return store.write(update)
    except ConditionFailed as failure:
        done = outbox.mine(failure)
        if done is None:
            raise ChangedMeanwhile(retry_after=1) from None
        return done
