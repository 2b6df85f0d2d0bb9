"""Update or rebuild the search index from the events table."""

from collections.abc import Callable, Iterable, Sequence

from common import log, store
from common.bus.booking import AvailabilityChanged, CapacityChanged
from common.bus.events import CategoryChanged, EventTerms
from common.retries import backoff
from common.store import Item
from events.core import index_storage, live_view
from events.core.index_storage import SnapshotConflict
from events.core.model import Status
from events.core.search_index import SearchIndex

_MAX_ATTEMPTS = 8

IndexedChange = EventTerms | CategoryChanged | AvailabilityChanged | CapacityChanged


def refresh(changes: Sequence[IndexedChange]) -> int:
    """Index the changed events, or all events if there is no index. Return the number of indexed events."""
    for change in changes:
        if isinstance(change, AvailabilityChanged | CapacityChanged):
            live_view.apply_live_update(change)
    category_ids = {change.category_id for change in changes if isinstance(change, CategoryChanged)}
    event_ids = {change.event_id for change in changes if not isinstance(change, CategoryChanged)}
    return _with_retries(lambda: _refresh(event_ids, category_ids))


def rebuild() -> int:
    """Rebuild the index from all published events. Return their number."""
    return _with_retries(_rebuild)


def _with_retries(attempt: Callable[[], int]) -> int:
    for retries in range(_MAX_ATTEMPTS - 1):
        try:
            return attempt()
        except SnapshotConflict:
            backoff(retries)
    return attempt()


def _refresh(event_ids: set[str], category_ids: set[str]) -> int:
    index, etag = index_storage.load()
    if index is None:
        return _build_all(event_ids, etag)
    # Read the events after the index, so that no earlier builder has indexed newer versions of them.
    event_ids = event_ids | index.event_ids_in(category_ids)
    published = _published_events(event_ids)
    outdated = [one for one in published if not index.is_current(one)]
    removed_ids = index.event_ids() & event_ids - {one["id"] for one in published}
    if outdated or removed_ids:
        index.update(outdated, removed_ids)
        index_storage.replace(index, etag)
        log.count("SnapshotsBuilt")
    return len(index.event_ids())


def _rebuild() -> int:
    # Include the indexed ids: the table's index is eventually consistent and may lack recent events.
    index, etag = index_storage.load()
    return _build_all(index.event_ids() if index else set(), etag)


def _build_all(event_ids: set[str], etag: str | None) -> int:
    index = SearchIndex.empty()
    index.update(_published_events(event_ids | _listed_ids()), ())
    index_storage.replace(index, etag)
    log.count("SnapshotsBuilt")
    return len(index.event_ids())


def _published_events(ids: Iterable[str]) -> list[Item]:
    # A consistent read of the table; only published events are searchable.
    items = store.batch_get("events", [{"pk": id, "sk": "event"} for id in sorted(ids)])
    return live_view.all_with_live_data([one for one in items if one["status"] == Status.PUBLISHED])


def _listed_ids() -> set[str]:
    ids: set[str] = set()
    start_key = None
    while True:
        keys, start_key = store.query(
            "events", "#listed = :listed", {"listed": "event"}, index="listed", start=start_key
        )
        ids |= {key["pk"] for key in keys}
        if start_key is None:
            return ids
