"""The catalogue's items: an event with its types, a category, and the claim of a category's name."""

from collections.abc import Sequence
from typing import Any

from common import outbox, store
from common.api import Caller, Paging
from common.bus.events import EventChanged, EventPublished, EventTerms
from common.cursor import Listing, Page
from common.store import ConditionFailed, Item, Put, Update
from events.core.errors import CategoryExists, CategoryUnknown, ChangedMeanwhile, EventUnknown
from events.core.model import LIFECYCLE, Status, Trigger
from events.core.search import fold

_CATEGORIES = Listing("events", "listed", "listed", "listed_as", newest_first=False)


def find(event_id: str) -> Item | None:
    """The event, whoever's and in whatever state."""
    return store.get("events", _key(event_id))


def public(event_id: str) -> Item:
    """The event as the public may see it. Raises EventUnknown."""
    event = find(event_id)
    if event is None or event["status"] == Status.DRAFT:
        raise EventUnknown
    return event


def organised(event_id: str, caller: Caller) -> Item:
    """The caller's own event. Raises EventUnknown."""
    event = find(event_id)
    if event is None or event["organiser_id"] != caller.user_id:
        raise EventUnknown
    return event


def category(category_id: str) -> Item:
    """Raises CategoryUnknown."""
    found = store.get("events", {"pk": category_id, "sk": "category"})
    if found is None:
        raise CategoryUnknown(pointer="/category_id")
    return found


def categories(paging: Paging) -> Page:
    """A page of the categories, oldest first."""
    return _CATEGORIES.page("category", limit=paging.limit, token=paging.token)


def add_category(attributes: Item, *, actor: str) -> tuple[Item, bool]:
    """The category, and whether one of its id was there. Raises CategoryExists."""
    id, folded = attributes["id"], fold(attributes["name"])
    item = outbox.born({"pk": id, "sk": "category", "listed": "category"} | attributes, actor=actor)
    item["listed_as"] = f"{item['created_at']}#{id}"
    claim = {"pk": f"category-name#{folded}", "sk": "claim", "category_id": id}
    try:
        store.transact([Put("events", one, condition="attribute_not_exists(#pk)") for one in (item, claim)])
    except ConditionFailed as failure:
        earlier = failure.old[0]
        if earlier is None:
            raise CategoryExists(pointer="/name") from None
        return earlier, True
    return item, False


def add_event(draft: Item) -> tuple[Item, bool]:
    """The draft as stored, and whether it was there."""
    first = {"status": str(Status.DRAFT), "staff": [], "terms_version": 0}
    item = outbox.born(_key(draft["id"]) | first | draft, actor=draft["organiser_id"])
    try:
        return store.write(Put("events", item, condition="attribute_not_exists(#pk)")), False
    except ConditionFailed as failure:
        existing = failure.old[0]
        if existing is None:
            raise
        return existing, outbox.mine(failure) is None


def set_types(event: Item, types: Sequence[Item]) -> Item:
    """Raises ChangedMeanwhile."""
    return _edit(_change(event, "add_type", {"types": list(types)}))


def set_staff(event: Item, staff: Sequence[str]) -> Item:
    """Whoever copies a published event is told; it is sold as before. Raises ChangedMeanwhile."""
    told = [] if event["status"] == Status.DRAFT else [_told(EventChanged, event)]
    return _edit(_change(event, "set_staff", {"staff": list(staff)}, publish=told, log=False))


def publish(event: Item) -> Item:
    """Put the event on sale and into the list. Raises ChangedMeanwhile."""
    update = outbox.transition(
        "events",
        _key(event["id"]),
        LIFECYCLE,
        Trigger.PUBLISH,
        actor=event["organiser_id"],
        sets={"listed": "event", "listed_as": f"{event['starts_at']}#{event['id']}", "terms_version": 1},
        publish=[_told(EventPublished, event)],
        also="#version = :seen",
        values={"seen": event["version"]},
    )
    return _edit(update)


def _key(event_id: str) -> dict[str, str]:
    return {"pk": event_id, "sk": "event"}


def _told(kind: type[EventTerms], event: Item) -> dict[str, Any]:
    # The version that the write will give it: the write holds only at the one that was seen.
    return outbox.entry(kind, event_version=event["version"] + 1)


def _change(
    event: Item, trigger: str, sets: Item, publish: Sequence[dict[str, Any]] = (), *, log: bool = True
) -> Update:
    return outbox.change(
        "events",
        _key(event["id"]),
        trigger=trigger,
        actor=event["organiser_id"],
        sets=sets,
        publish=publish,
        log=log,
        condition="#version = :seen",
        values={"seen": event["version"]},
    )


def _edit(update: Update) -> Item:
    try:
        return store.write(update)
    except ConditionFailed as failure:
        done = outbox.mine(failure)
        if done is None:
            raise ChangedMeanwhile(retry_after=1) from None
        return done
