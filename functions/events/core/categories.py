"""Event categories with unique names."""

from common import outbox, store
from common.api import Caller, IfMatch, PageParams
from common.bus.events import CategoryChanged
from common.idempotency import IdempotentRequest
from common.pagination.paginator import IndexPaginator, Page
from common.problems import ConcurrentModification
from common.store import ConditionFailed, Item, Put, Update, Write
from events.core.errors import CategoryExists, CategoryNotFound, InvalidCategory
from events.core.requests import CategoryEdit, CategoryRequest
from events.core.search_filters import fold

_PAGINATOR = IndexPaginator("events", "listed", "listed", "listed_as", newest_first=False)


def create(caller: Caller, key: str | None, request: CategoryRequest) -> tuple[Item, bool]:
    """Return the category and whether the request is a replay. Raises CategoryExists."""
    identity = IdempotentRequest.from_key("category", caller.user_id, key, request)
    fields = request.model_dump(mode="json") | {"id": identity.id, "request_hash": identity.request_hash}
    item = outbox.new_item(_key(identity.id) | {"listed": "category"} | fields, actor=caller.user_id)
    item["listed_as"] = f"{item['created_at']}#{identity.id}"
    try:
        store.transact(
            [Put("events", item, condition="attribute_not_exists(#pk)"), _claim_name(item["name"], identity.id)]
        )
    except ConditionFailed as failure:
        existing = failure.old_items[0]
        if existing is None:
            raise CategoryExists(pointer="/name") from None
        return existing, identity.is_replay_of(existing)
    return item, False


def rename(caller: Caller, category_id: str, request: CategoryEdit, if_match: IfMatch) -> Item:
    """Rename the category; release its old name. Raises CategoryExists, ConcurrentModification or StaleVersion."""
    category = get(category_id)
    if_match.require_match(category)
    if request.name == category["name"]:
        return category
    try:
        store.transact([_rename_update(category, request.name, caller.user_id), *_name_writes(category, request.name)])
    except ConditionFailed as failure:
        if 0 in failure.failed_indexes:
            raise ConcurrentModification(retry_after=1) from None
        raise CategoryExists(pointer="/name") from None
    return get(category_id)


def get(category_id: str) -> Item:
    """Return the category. Raises CategoryNotFound."""
    category = store.get("events", _key(category_id))
    if category is None:
        raise CategoryNotFound
    return category


def get_for_event(category_id: str) -> Item:
    """Return the category that a request names. Raises InvalidCategory."""
    try:
        return get(category_id)
    except CategoryNotFound:
        raise InvalidCategory(pointer="/category_id") from None


def list_all(paging: PageParams) -> Page:
    """Return a page of categories, oldest first."""
    return _PAGINATOR.page("category", limit=paging.limit, token=paging.token)


def _key(category_id: str) -> dict[str, str]:
    return {"pk": category_id, "sk": "category"}


def _rename_update(category: Item, name: str, actor: str) -> Update:
    return outbox.versioned_update(
        "events",
        _key(category["id"]),
        trigger="rename",
        actor=actor,
        sets={"name": name},
        publish=[outbox.event_entry(CategoryChanged)],
        log=False,
        condition="#version = :seen",
        values={"seen": category["version"]},
    )


def _name_writes(category: Item, name: str) -> list[Write]:
    # Names that differ only in case or accents share one uniqueness item.
    if fold(name) == fold(category["name"]):
        return []
    return [_claim_name(name, category["id"]), _name_put(category["name"], "")]


def _claim_name(name: str, category_id: str) -> Write:
    is_free = "attribute_not_exists(#pk) OR #category_id = :released"
    return Put("events", _name_put(name, category_id).item, condition=is_free, values={"released": ""})


def _name_put(name: str, category_id: str) -> Put:
    return Put("events", {"pk": f"category-name#{fold(name)}", "sk": "claim", "category_id": category_id})
