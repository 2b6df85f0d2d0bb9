"""Lists that may be asked for those items only that fit, the newest first: pages stay right in both directions.

The indexes hold keys only, so such a page is filled by looking at whole items, so many at the most per call: a page
may be shorter than asked for, even empty, and still have another after it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from common import cursor, store
from common.cursor import Page
from common.paging import Paging
from common.store import Item

_LOOKED_AT = 100  # items at once, when some are asked for
_LOOKS = 5

Place = Sequence[str]  # created_at and id: no two items are at one place
Fits = Callable[[Item], bool]


@dataclass(frozen=True)
class Sifted:
    """All items under some keys of an index that places them by `created_at`, as one list."""

    table: str
    index: str
    pk: str
    owners: tuple[str, ...]

    def page(self, paging: Paging, *, about: str | None, fits: Fits) -> Page:
        """A page of those that fit, of all where there is no `about`, which names what is asked for in tokens."""
        scope = f"{self.table}/{self.index}/{self.owners[0]}/{about or ''}"
        at: Any = cursor.decode(paging.token, scope) if paging.token else {"older": True, "at": None}
        start, older = at["at"], bool(at["older"])
        shown: list[Item] = []
        last, more = start, False
        for place, item in self._looked_at(start, paging.limit, older=older, sifted=about is not None):
            if item is not None and (about is None or fits(item)):
                if len(shown) == paging.limit:
                    more = True
                    break
                shown.append(item)
            last, more = place, item is None
        onward = cursor.encode({"older": older, "at": last}, scope) if more else None
        # With nothing left on this side, the other way begins at the list's end.
        first = _place(shown[0]) if shown else last if last != start else None
        back = cursor.encode({"older": not older, "at": first}, scope) if start is not None else None
        items, (following, previous) = (shown, (onward, back)) if older else (shown[::-1], (back, onward))
        return Page(items, following, previous)

    def _looked_at(
        self, at: Place | None, limit: int, *, older: bool, sifted: bool
    ) -> Iterator[tuple[Place, Item | None]]:
        """Places and whole items from there on; with None at the place where a call stops looking."""
        wanted = _LOOKED_AT if sifted else limit + 1
        for _ in range(_LOOKS):
            keys, ended = self._keys(at, wanted, older=older)
            found = store.batch_get(self.table, [{"pk": key["pk"], "sk": key["sk"]} for key in keys])
            yield from ((_place(item), item) for item in found)
            if ended or not keys:
                return
            at = _place(keys[-1])
        yield at or (), None

    def _keys(self, at: Place | None, wanted: int, *, older: bool) -> tuple[list[Item], bool]:
        runs = [self._run(owner, at, wanted, older=older) for owner in self.owners]
        merged = sorted((key for keys, _ in runs for key in keys), key=_place, reverse=older)
        return merged[:wanted], len(merged) <= wanted and all(ended for _, ended in runs)

    def _run(self, owner: str, at: Place | None, wanted: int, *, older: bool) -> tuple[list[Item], bool]:
        """The next keys of one owner, whole moments: of those made in one, the index knows no order."""
        condition, values = f"#{self.pk} = :owner", {"owner": owner}
        if at:
            condition, values = f"{condition} AND #created_at {'<=' if older else '>='} :at", values | {"at": at[0]}
        found: list[Item] = []
        start = None
        while True:
            asked: dict[str, Any] = {"index": self.index, "limit": wanted + 1, "start": start, "forward": not older}
            page, start = store.query(self.table, condition, values, **asked)
            found += (key for key in page if at is None or _beyond(_place(key), at, older=older))
            whole = len(found) > wanted and found[-1]["created_at"] != found[wanted - 1]["created_at"]
            if start is None or whole:
                ordered = sorted(found, key=_place, reverse=older)
                return ordered[:wanted], start is None and len(found) <= wanted


def _place(key: Item) -> list[str]:
    return [key["created_at"], key["pk"]]


def _beyond(place: Place, at: Place, *, older: bool) -> bool:
    return list(place) < list(at) if older else list(place) > list(at)
