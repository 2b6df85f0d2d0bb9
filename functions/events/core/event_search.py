"""The public list of events, by start or by relevance, with pages in both directions.

A page token holds the sort keys of the event at the page's edge. They do not depend on other events, so no event is
skipped or repeated when others are added or removed between two requests.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from common import clock
from common.pagination import tokens
from common.pagination.paginator import Page, PageParams
from events.core import index_storage
from events.core.search_filters import SearchFilters, SortOrder
from events.core.search_index import SearchIndex


@dataclass(frozen=True)
class EventQuery:
    """A search: filters, sort order and start between `since` (default: now) and `until`."""

    filters: SearchFilters
    since: datetime | None = None
    until: datetime | None = None
    sort: SortOrder = "start"

    def search(self, paging: PageParams) -> Page:
        """Return a page from the current index. Raises InvalidPageToken or Contention."""
        return self.page(index_storage.current_index(), paging.limit, paging.token)

    def page(self, index: SearchIndex, limit: int, token: str | None) -> Page:
        """Return the page at the token. Raises InvalidPageToken, also for a token of another search."""
        scope = f"events/{asdict(self)}"
        start = {"forward": True, "at": None, "since": clock.iso(self.since or clock.now())}
        position = tokens.decode(token, scope) if token else start
        rows = index.query(self._sql(position), self._sql_values(position, limit + 1))
        has_more, rows = len(rows) > limit, rows[:limit]
        if not position["forward"]:
            rows.reverse()
        has_origin = position["at"] is not None
        has_next, has_previous = (has_more, has_origin) if position["forward"] else (has_origin, has_more)
        # On an empty page, the opposite direction starts at the end of the list.
        edges = (rows[0][:-1], rows[-1][:-1]) if rows else (None, None)
        return Page(
            [json.loads(document) for *_, document in rows],
            tokens.encode(position | {"forward": True, "at": edges[1]}, scope) if has_next else None,
            tokens.encode(position | {"forward": False, "at": edges[0]}, scope) if has_previous else None,
        )

    def _sql(self, position: dict[str, Any]) -> str:
        keys = ["rank", "starts_at", "id"]
        conditions = [*self.filters.sql_conditions(), "starts_at >= :since"]
        conditions += ["starts_at <= :until"] if self.until else []
        ascending = position["forward"] != (self.sort == "-start")
        if position["at"]:
            conditions.append(f"({', '.join(keys)}) {'>' if ascending else '<'} (:at0, :at1, :at2)")
        order = ", ".join(f"{key} {'ASC' if ascending else 'DESC'}" for key in keys)
        rank = self.filters.sql_rank() if self.sort == "relevance" else "0"
        # Contains parameter names only, never values.
        return (
            f"SELECT {rank} AS rank, starts_at, id, document FROM event "  # noqa: S608
            f"WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :limit"
        )

    def _sql_values(self, position: dict[str, Any], limit: int) -> dict[str, str | int]:
        until = {"until": clock.iso(self.until)} if self.until else {}
        position_values = {f"at{number}": key for number, key in enumerate(position["at"] or ())}
        return self.filters.sql_values() | until | position_values | {"since": position["since"], "limit": limit}
