"""The public list of events, by start or by how well they fit, in pages that can be turned both ways.

A token holds the sort keys of the event that it leads on from, and these do not depend on the other
events: whatever comes or goes between two pages, none of the others is lost or repeated.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from common import clock, cursor
from common.cursor import Page
from common.paging import Paging
from events.core import snapshot
from events.core.index import Index
from events.core.search import Filters, Sort


@dataclass(frozen=True)
class Search:
    """Which events are wanted: those that start from `since` (the present, unless given) to `until`."""

    filters: Filters
    since: datetime | None = None
    until: datetime | None = None
    sort: Sort = "start"

    def found(self, paging: Paging) -> Page:
        """The page that is asked for, of the newest index at hand. Raises BadToken or NotNow."""
        return self.page(snapshot.current(), paging.limit, paging.token)

    def page(self, index: Index, limit: int, token: str | None) -> Page:
        """The page at the token. Raises BadToken if it belongs to another search."""
        scope = f"events/{asdict(self)}"
        first = {"forward": True, "at": None, "since": clock.iso(self.since or clock.now())}
        place = cursor.decode(token, scope) if token else first
        found = index.ask(self._query(place), self._values(place, limit + 1))
        more, found = len(found) > limit, found[:limit]
        if not place["forward"]:
            found.reverse()
        came = place["at"] is not None
        onward, back = (more, came) if place["forward"] else (came, more)
        # With nothing left on this side, the other way begins at the list's end.
        ends = (found[0][:-1], found[-1][:-1]) if found else (None, None)
        return Page(
            [json.loads(shown) for *_, shown in found],
            cursor.encode(place | {"forward": True, "at": ends[1]}, scope) if onward else None,
            cursor.encode(place | {"forward": False, "at": ends[0]}, scope) if back else None,
        )

    def _query(self, place: dict[str, Any]) -> str:
        keys = ["rank", "starts_at", "id"]
        conditions = [*self.filters.conditions(), "starts_at >= :since"]
        conditions += ["starts_at <= :until"] if self.until else []
        up = place["forward"] != (self.sort == "-start")
        if place["at"]:
            conditions.append(f"({', '.join(keys)}) {'>' if up else '<'} (:at0, :at1, :at2)")
        order = ", ".join(f"{key} {'ASC' if up else 'DESC'}" for key in keys)
        rank = self.filters.rank() if self.sort == "relevance" else "0"
        # No value stands in it, only names of values.
        return (
            f"SELECT {rank} AS rank, starts_at, id, shown FROM event "  # noqa: S608
            f"WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :limit"
        )

    def _values(self, place: dict[str, Any], limit: int) -> dict[str, str | int]:
        until = {"until": clock.iso(self.until)} if self.until else {}
        at = {f"at{number}": key for number, key in enumerate(place["at"] or ())}
        return self.filters.values() | until | at | {"since": place["since"], "limit": limit}
