"""Keeping the search index: events that changed are read from the table and put into the snapshot."""

from collections.abc import Callable, Iterable, Sequence

from common import log, store
from common.bus.booking import AvailabilityChanged, CapacityChanged
from common.bus.events import CategoryChanged, EventTerms
from common.patience import pause
from common.store import Item
from events.core import snapshot, standing
from events.core.index import Index
from events.core.model import Status
from events.core.snapshot import Overtaken

_TRIES = 8

News = EventTerms | CategoryChanged | AvailabilityChanged | CapacityChanged


def refresh(news: Sequence[News]) -> int:
    """Bring what these tell of up to date in the index; without an index, make it of all. Returns how many it has."""
    for one in news:
        if isinstance(one, AvailabilityChanged | CapacityChanged):
            standing.learn(one)
    renamed = {one.category_id for one in news if isinstance(one, CategoryChanged)}
    changed = {one.event_id for one in news if not isinstance(one, CategoryChanged)}
    return _patiently(lambda: _refresh(changed, renamed))


def rebuild() -> int:
    """Make the index anew of all that is listed. Returns how many events it has."""
    return _patiently(_rebuild)


def _patiently(attempt: Callable[[], int]) -> int:
    for tried in range(_TRIES - 1):
        try:
            return attempt()
        except Overtaken:
            pause(tried)
    return attempt()


def _refresh(changed: set[str], renamed: set[str]) -> int:
    index, etag = snapshot.load()
    if index is None:
        return _whole(changed, etag)
    # Read after the index was: whoever replaced it before that had read nothing newer.
    changed = changed | index.of_categories(renamed)
    found = _listed(changed)
    fresh = [one for one in found if not index.has(one)]
    gone = index.ids() & changed - {one["id"] for one in found}
    if fresh or gone:
        index.update(fresh, gone)
        snapshot.replace(index, etag)
        log.count("SnapshotsBuilt")
    return len(index.ids())


def _rebuild() -> int:
    # With what it has: what was published a moment ago may not be in the table's own list yet.
    index, etag = snapshot.load()
    return _whole(index.ids() if index else set(), etag)


def _whole(known: set[str], etag: str | None) -> int:
    index = Index.empty()
    index.update(_listed(known | _all()), ())
    snapshot.replace(index, etag)
    log.count("SnapshotsBuilt")
    return len(index.ids())


def _listed(ids: Iterable[str]) -> list[Item]:
    # As the table has them: of these events, those that can be found, as they stand.
    found = store.batch_get("events", [{"pk": id, "sk": "event"} for id in sorted(ids)])
    return standing.all_of([one for one in found if one["status"] == Status.PUBLISHED])


def _all() -> set[str]:
    ids: set[str] = set()
    at = None
    while True:
        keys, at = store.query("events", "#listed = :listed", {"listed": "event"}, index="listed", start=at)
        ids |= {key["pk"] for key in keys}
        if at is None:
            return ids
