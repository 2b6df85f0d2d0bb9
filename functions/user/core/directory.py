"""The list of all users: by the day on which they came, each day in shards, so that no key of it is hot.

A shard knows its days (items of the table), and the index the users of a shard's day. The list is the
shards' own lists, merged by the moment.
"""

import heapq
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from common import store
from common.cursor import Page, decode, encode
from common.store import Item, Put

_SHARDS = 4  # each takes a thousand registrations a second
_SCOPE = "users/by_day"
_ENDS = {True: "~", False: "0"}  # what any moment lies before, and after


def listed(profile: Item) -> Item:
    """The new profile with its place in the list, which never changes."""
    shard = zlib.crc32(profile["id"].encode()) % _SHARDS
    moment: str = profile["created_at"]
    return profile | {"joined": f"{moment[:10]}#{shard}", "listed_as": f"{moment}#{profile['id']}"}


def day(profile: Item) -> Put:
    """The note that somebody came to this shard that day; made before the profile, and harmless to repeat."""
    moment, shard = profile["joined"].split("#")
    return Put("users", {"pk": f"days#{shard}", "sk": moment})


def page(*, limit: int, token: str | None) -> Page:
    """One page of everybody, newest first. Raises BadToken."""
    place: Any = decode(token, _SCOPE) if token else {"forward": True, "at": None}
    forward, at = bool(place["forward"]), place["at"]
    streams = [_keys(shard, at or _ENDS[forward], limit + 1, forward) for shard in range(_SHARDS)]
    merged = heapq.merge(*streams, key=lambda key: str(key["listed_as"]), reverse=forward)
    found = list(islice(merged, limit + 1))
    more, keys = len(found) > limit, found[:limit]
    if not forward:
        keys.reverse()
    items = store.batch_get("users", [{"pk": key["pk"], "sk": key["sk"]} for key in keys])
    onward, back = (more, at is not None) if forward else (at is not None, more)
    last, first = (keys[-1]["listed_as"], keys[0]["listed_as"]) if keys else (None, None)
    return Page(
        [item for item in items if "user_name" in item],  # whoever has been erased has none
        encode({"forward": True, "at": last}, _SCOPE) if onward else None,
        encode({"forward": False, "at": first}, _SCOPE) if back else None,
    )


def _keys(shard: int, at: str, wanted: int, forward: bool) -> Iterator[Item]:  # noqa: FBT001 - as its neighbours
    sign = "<" if forward else ">"
    for moment in _days(shard, at, forward):
        condition = f"#joined = :joined AND #listed_as {sign} :at"
        values = {"joined": f"{moment}#{shard}", "at": at}
        found, _ = store.query("users", condition, values, index="by_day", limit=wanted, forward=not forward)
        yield from found


def _days(shard: int, at: str, forward: bool) -> Iterator[str]:  # noqa: FBT001
    sign, start = "<=" if forward else ">=", None
    while True:
        condition, values = f"#pk = :pk AND #sk {sign} :day", {"pk": f"days#{shard}", "day": at[:10]}
        found, start = store.query("users", condition, values, start=start, forward=not forward)
        yield from (item["sk"] for item in found)
        if start is None:
            return
