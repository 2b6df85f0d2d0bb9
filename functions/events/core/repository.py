"""Event items with their types; every write is conditional on the version that was read."""

from collections.abc import Sequence
from typing import Any

from common import outbox, store
from common.api import Caller, PageParams
from common.bus.events import EventCancelled, EventChanged, EventPublished, EventTerms
from common.pagination.paginator import IndexPaginator, Page
from common.problems import ConcurrentModification
from common.store import ConditionFailed, Item, Put, Update
from events.core import edit_rules
from events.core.errors import EventNotFound
from events.core.model import LIFECYCLE, Status, Trigger

TABLE = "events"
_BY_ORGANISER = IndexPaginator(TABLE, "by_organiser", "organiser_id", "created_at")
_VERSION_UNCHANGED = "#version = :seen"


def find(event_id: str) -> Item | None:
    """Return the event in any state and of any organiser."""
    return store.get(TABLE, _key(event_id))


def get_published(event_id: str) -> Item:
    """Return an event that was published. Raises EventNotFound."""
    event = find(event_id)
    if event is None or not edit_rules.is_published(event):
        raise EventNotFound
    return event


def get_managed(event_id: str, caller: Caller) -> Item:
    """Return an event that the caller may manage. Raises EventNotFound."""
    event = find(event_id)
    if event is None or not caller.can_manage(event["organiser_id"]):
        raise EventNotFound
    return event


def list_by_organiser(organiser_id: str, paging: PageParams) -> Page:
    """Return a page of the organiser's events, including drafts, newest first."""
    return _BY_ORGANISER.page(organiser_id, limit=paging.limit, token=paging.token)


def create(draft: Item, *, actor: str) -> tuple[Item, bool]:
    """Return the stored draft and whether it existed before."""
    initial = {"status": str(Status.DRAFT), "staff": [], "terms_version": 0}
    item = outbox.new_item(_key(draft["id"]) | initial | draft, actor=actor)
    try:
        return store.write(Put(TABLE, item, condition="attribute_not_exists(#pk)")), False
    except ConditionFailed as failure:
        existing = failure.old_items[0]
        if existing is None:
            raise
        return existing, outbox.own_write(failure) is None


def edit(
    event: Item, trigger: str, changes: Item, *, actor: str, terms_changed: bool = False, log: bool = False
) -> Item:
    """Set the attributes, remove those that are None, and return the event. Raises ConcurrentModification.

    The edit of a published event publishes EventChanged; `terms_changed` increments `terms_version`.
    """
    is_published = edit_rules.is_published(event)
    terms = {"terms_version": event["terms_version"] + 1} if is_published and terms_changed else {}
    update = outbox.versioned_update(
        TABLE,
        _key(event["id"]),
        trigger=trigger,
        actor=actor,
        sets={name: value for name, value in changes.items() if value is not None} | terms,
        removes=[name for name, value in changes.items() if value is None],
        publish=[_event_entry(EventChanged, event)] if is_published else [],
        log=log,
        condition=_VERSION_UNCHANGED,
        values=_version_values(event),
    )
    return _write(update)


def publish(event: Item, *, actor: str) -> Item:
    """Publish the event and list it. Raises ConcurrentModification."""
    listing = {"listed": "event", "listed_as": f"{event['starts_at']}#{event['id']}"}
    return _transition(
        event, Trigger.PUBLISH, [_event_entry(EventPublished, event)], listing | {"terms_version": 1}, actor=actor
    )


def cancel(event: Item, message: str, *, actor: str) -> Item:
    """Cancel the event; EventCancelled only if it was published. Raises ConcurrentModification."""
    if not edit_rules.is_published(event):
        return _transition(event, Trigger.CANCEL, [], {"message": message}, actor=actor)
    changes = {"message": message, "terms_version": event["terms_version"] + 1}
    entry = _event_entry(EventCancelled, event, by="organiser" if actor == event["organiser_id"] else "admin")
    return _transition(event, Trigger.CANCEL, [entry], changes, actor=actor)


def end(event: Item) -> Item:
    """End the event. Raises ConcurrentModification."""
    terms = {"terms_version": event["terms_version"] + 1}
    return _transition(event, Trigger.END, [_event_entry(EventChanged, event)], terms, actor="clock")


def _version_values(event: Item) -> dict[str, Any]:
    return {"seen": event["version"]}


def _key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "event"}


def _event_entry(event_class: type[EventTerms], event: Item, **fields: str) -> dict[str, Any]:
    # The version after the write, which is conditional on the version that was read.
    return outbox.event_entry(event_class, event_version=event["version"] + 1, **fields)


def _transition(event: Item, trigger: Trigger, entries: Sequence[dict[str, Any]], sets: Item, *, actor: str) -> Item:
    update = outbox.transition(
        TABLE,
        _key(event["id"]),
        LIFECYCLE,
        trigger,
        actor=actor,
        sets=sets,
        publish=entries,
        extra_condition=_VERSION_UNCHANGED,
        values=_version_values(event),
    )
    return _write(update)


def _write(update: Update) -> Item:
    try:
        return store.write(update)
    except ConditionFailed as failure:
        stored = outbox.own_write(failure)
        if stored is None:
            raise ConcurrentModification(retry_after=1) from None
        return stored
