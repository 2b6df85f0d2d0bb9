"""Lists that can be filtered, newest first; pages are exact in both directions.

Indexes hold keys only, so the paginator reads whole items to filter them, a bounded number per call: a page may be
shorter than its limit, even empty, and still be followed by another.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from common import store
from common.pagination import tokens
from common.pagination.paginator import Page, PageParams
from common.store import Item

_FILTER_BATCH_SIZE = 100  # items read at once when a filter is set
_MAX_READS = 5

Position = Sequence[str]  # created_at and id: unique per item
Predicate = Callable[[Item], bool]


@dataclass(frozen=True)
class FilteredPaginator:
    """The items of several owners as one list; `index` has the partition key `pk` and the sort key `created_at`."""

    table: str
    index: str
    pk: str
    owners: tuple[str, ...]

    def page(self, params: PageParams, *, filter_name: str | None, predicate: Predicate) -> Page:
        """The page of items that match; `filter_name` binds its tokens to the filter, None returns all items."""
        scope = f"{self.table}/{self.index}/{self.owners[0]}/{filter_name or ''}"
        token: Any = tokens.decode(params.token, scope) if params.token else {"older": True, "at": None}
        start, older = token["at"], bool(token["older"])
        matches: list[Item] = []
        last_position, has_more = start, False
        for position, item in self._scan(start, params.limit, older=older, filtered=filter_name is not None):
            if item is not None and (filter_name is None or predicate(item)):
                if len(matches) == params.limit:
                    has_more = True
                    break
                matches.append(item)
            last_position, has_more = position, item is None
        forward_token = tokens.encode({"older": older, "at": last_position}, scope) if has_more else None
        # Past the list's end there is no first item; the way back starts at the end.
        first_position = _position(matches[0]) if matches else last_position if last_position != start else None
        backward_token = tokens.encode({"older": not older, "at": first_position}, scope) if start is not None else None
        items, (next_token, previous_token) = (
            (matches, (forward_token, backward_token)) if older else (matches[::-1], (backward_token, forward_token))
        )
        return Page(items, next_token, previous_token)

    def _scan(
        self, start: Position | None, limit: int, *, older: bool, filtered: bool
    ) -> Iterator[tuple[Position, Item | None]]:
        """Yield positions and whole items after `start`; the item is None once _MAX_READS is reached."""
        count = _FILTER_BATCH_SIZE if filtered else limit + 1
        for _ in range(_MAX_READS):
            keys, exhausted = self._keys(start, count, older=older)
            items = store.batch_get(self.table, [{"pk": key["pk"], "sk": key["sk"]} for key in keys])
            yield from ((_position(item), item) for item in items)
            if exhausted or not keys:
                return
            start = _position(keys[-1])
        yield start or (), None

    def _keys(self, start: Position | None, count: int, *, older: bool) -> tuple[list[Item], bool]:
        per_owner = [self._owner_keys(owner, start, count, older=older) for owner in self.owners]
        merged = sorted((key for keys, _ in per_owner for key in keys), key=_position, reverse=older)
        return merged[:count], len(merged) <= count and all(exhausted for _, exhausted in per_owner)

    def _owner_keys(self, owner: str, start: Position | None, count: int, *, older: bool) -> tuple[list[Item], bool]:
        """The next keys of one owner in order; the index does not order items with the same `created_at`."""
        condition, values = f"#{self.pk} = :owner", {"owner": owner}
        if start:
            condition, values = f"{condition} AND #created_at {'<=' if older else '>='} :at", values | {"at": start[0]}
        keys: list[Item] = []
        last_key = None
        while True:
            options: dict[str, Any] = {"index": self.index, "limit": count + 1, "start": last_key, "forward": not older}
            page, last_key = store.query(self.table, condition, values, **options)
            keys += (key for key in page if start is None or _is_past(_position(key), start, older=older))
            moment_complete = len(keys) > count and keys[-1]["created_at"] != keys[count - 1]["created_at"]
            if last_key is None or moment_complete:
                ordered = sorted(keys, key=_position, reverse=older)
                return ordered[:count], last_key is None and len(keys) <= count


def _position(key: Item) -> list[str]:
    return [key["created_at"], key["pk"]]


def _is_past(position: Position, start: Position, *, older: bool) -> bool:
    return list(position) < list(start) if older else list(position) > list(start)
