"""Keeping the search index: events that changed are read from the table and put into the snapshot."""

from collections.abc import Callable, Iterable

from common import log, store
from common.patience import pause
from common.store import Item
from events.core import snapshot
from events.core.index import Index
from events.core.model import Status
from events.core.snapshot import Overtaken

_TRIES = 8


def refresh(changed: Iterable[str]) -> int:
    """Bring these events up to date in the index; without an index, make it of all. Returns how many it then has."""
    ids = set(changed)
    return _patiently(lambda: _refresh(ids))


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


def _refresh(changed: set[str]) -> int:
    index, etag = snapshot.load()
    if index is None:
        return _whole(changed, etag)
    # Read after the index was: whoever replaced it before that had read no newer events.
    before = index.versions()
    found = _events(changed)
    fresh = [one for one in found if _listed(one) and before.get(one["id"]) != one["version"]]
    gone = before.keys() & changed - {one["id"] for one in found if _listed(one)}
    if fresh or gone:
        index.update(fresh, gone)
        snapshot.replace(index, etag)
        log.count("SnapshotsBuilt")
    return len(index.versions())


def _rebuild() -> int:
    # With what it has: what was published a moment ago may not be in the table's own list yet.
    index, etag = snapshot.load()
    return _whole(set(index.versions()) if index else set(), etag)


def _whole(known: set[str], etag: str | None) -> int:
    index = Index.empty()
    index.update(filter(_listed, _events(known | _all())), ())
    snapshot.replace(index, etag)
    log.count("SnapshotsBuilt")
    return len(index.versions())


def _events(ids: Iterable[str]) -> list[Item]:
    return store.batch_get("events", [{"pk": id, "sk": "event"} for id in sorted(ids)])


def _all() -> set[str]:
    ids: set[str] = set()
    at = None
    while True:
        keys, at = store.query("events", "#listed = :listed", {"listed": "event"}, index="listed", start=at)
        ids |= {key["pk"] for key in keys}
        if at is None:
            return ids


def _listed(event: Item) -> bool:
    return bool(event["status"] == Status.PUBLISHED)
