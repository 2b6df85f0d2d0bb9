"""The kinds of events there are, each under a name of its own."""

from common import outbox, store
from common.api import Caller, IfMatch, Paging
from common.bus.events import CategoryChanged
from common.cursor import Listing, Page
from common.idempotency import Claim
from common.store import ConditionFailed, Item, Put, Update, Write
from events.core.errors import CategoryExists, CategoryUnknown, ChangedMeanwhile, NoSuchCategory
from events.core.requests import CategoryEdit, CategoryRequest
from events.core.search import fold

_ALL = Listing("events", "listed", "listed", "listed_as", newest_first=False)


def create(caller: Caller, key: str | None, request: CategoryRequest) -> tuple[Item, bool]:
    """The category, and whether an earlier request had made it. Raises CategoryExists."""
    claim = Claim.of("category", caller.user_id, key, request)
    about = request.model_dump(mode="json") | {"id": claim.id, "request_hash": claim.request_hash}
    item = outbox.born(_key(claim.id) | {"listed": "category"} | about, actor=caller.user_id)
    item["listed_as"] = f"{item['created_at']}#{claim.id}"
    try:
        store.transact([Put("events", item, condition="attribute_not_exists(#pk)"), _named(item["name"], claim.id)])
    except ConditionFailed as failure:
        earlier = failure.old[0]
        if earlier is None:
            raise CategoryExists(pointer="/name") from None
        return earlier, claim.repeats(earlier)
    return item, False


def rename(caller: Caller, category_id: str, request: CategoryEdit, seen: IfMatch) -> Item:
    """The category under its new name; the old one is free. Raises CategoryExists, ChangedMeanwhile."""
    category = read(category_id)
    seen.check(category)
    if request.name == category["name"]:
        return category
    try:
        store.transact([_renamed(category, request.name, caller.user_id), *_moved(category, request.name)])
    except ConditionFailed as failure:
        if 0 in failure.failed:
            raise ChangedMeanwhile(retry_after=1) from None
        raise CategoryExists(pointer="/name") from None
    return read(category_id)


def read(category_id: str) -> Item:
    """Raises NoSuchCategory."""
    found = store.get("events", _key(category_id))
    if found is None:
        raise NoSuchCategory
    return found


def of_event(category_id: str) -> Item:
    """The category that an event is to be of. Raises CategoryUnknown."""
    try:
        return read(category_id)
    except NoSuchCategory:
        raise CategoryUnknown(pointer="/category_id") from None


def page(paging: Paging) -> Page:
    """A page of the categories, oldest first."""
    return _ALL.page("category", limit=paging.limit, token=paging.token)


def _key(category_id: str) -> dict[str, str]:
    return {"pk": category_id, "sk": "category"}


def _renamed(category: Item, name: str, actor: str) -> Update:
    return outbox.change(
        "events",
        _key(category["id"]),
        trigger="rename",
        actor=actor,
        sets={"name": name},
        publish=[outbox.entry(CategoryChanged)],
        log=False,
        condition="#version = :seen",
        values={"seen": category["version"]},
    )


def _moved(category: Item, name: str) -> list[Write]:
    # A name that differs by case or accents only is the same claim.
    if fold(name) == fold(category["name"]):
        return []
    return [_named(name, category["id"]), _claim(category["name"], "")]


def _named(name: str, category_id: str) -> Write:
    free = "attribute_not_exists(#pk) OR #category_id = :nobody"
    return Put("events", _claim(name, category_id).item, condition=free, values={"nobody": ""})


def _claim(name: str, category_id: str) -> Put:
    return Put("events", {"pk": f"category-name#{fold(name)}", "sk": "claim", "category_id": category_id})
