"""The public list of events, by start, in pages that can be turned both ways.

A page is a stretch of the index: from the first to the last event that was looked at. What does
not match is left out, and after so many looks the page ends, full or not: tokens lead on.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from common import clock, cursor, store
from common.cursor import Page
from common.store import Item
from events.core.model import Status
from events.core.search import Filters

_CHUNK = 50  # events read at once
_LOOKS = 500  # events read for one page, at most


@dataclass(frozen=True)
class Search:
    """Which events are wanted, by start: from `since` (the present, unless given) to `until`."""

    filters: Filters
    since: datetime | None = None
    until: datetime | None = None
    latest_first: bool = False

    def page(self, limit: int, token: str | None) -> Page:
        """The page at the token. Raises BadToken if it belongs to another search."""
        scope = f"events/{asdict(self)}"
        first = {"forward": True, "at": None, "since": clock.iso(self.since or clock.now())}
        place = cursor.decode(token, scope) if token else first
        looked, matched, more = self._walk(place, limit)
        ends = [looked[0], looked[-1]] if looked else [None, None]
        if not place["forward"]:
            matched.reverse()
            ends.reverse()
        came = place["at"] is not None
        onward, back = (more, came) if place["forward"] else (came, more)
        return Page(
            matched,
            cursor.encode(place | {"forward": True, "at": ends[1]}, scope) if onward and ends[1] else None,
            cursor.encode(place | {"forward": False, "at": ends[0]}, scope) if back and ends[0] else None,
        )

    def _walk(self, place: dict[str, Any], limit: int) -> tuple[list[Item], list[Item], bool]:
        # The places looked at, what matched there, and whether there may be more beyond.
        looked: list[Item] = []
        matched: list[Item] = []
        for looks, (key, event) in enumerate(self._events(place)):
            full = len(matched) == limit
            if looks == _LOOKS or (full and event):
                return looked, matched, True
            if not full:
                looked.append(key)
                matched += [event] if event else []
        return looked, matched, False

    def _events(self, place: dict[str, Any]) -> Iterator[tuple[Item, Item | None]]:
        # Each place of the index in the direction of the token, with its event if that matches.
        at, since, until = place["at"], place["since"], clock.iso(self.until) if self.until else "~"
        while since <= until:
            keys, at = store.query(
                "events",
                "#listed = :listed AND #listed_as BETWEEN :since AND :until",
                {"listed": "event", "since": since, "until": until + "~"},
                index="listed",
                limit=_CHUNK,
                start=at,
                forward=place["forward"] != self.latest_first,
            )
            found = {one["pk"]: one for one in store.batch_get("events", [_key(key) for key in keys])}
            for key in keys:
                event = found.get(key["pk"])
                yield key, event if event and self._wanted(event) else None
            if at is None:
                return

    def _wanted(self, event: Item) -> bool:
        return event["status"] == Status.PUBLISHED and self.filters.match(event)


def _key(key: Item) -> dict[str, str]:
    return {"pk": key["pk"], "sk": key["sk"]}
