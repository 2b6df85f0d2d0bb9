"""The list of all users, newest first, partitioned by registration day and shard to avoid hot keys.

Items of the table list the days of each shard; the index lists the users of a shard's day. A page merges
the shards' lists by registration time.
"""

import heapq
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from common import store
from common.pagination.paginator import Page
from common.pagination.tokens import decode, encode
from common.store import Item, Put

_SHARDS = 4  # each sustains 1,000 registrations per second
_SCOPE = "users/by_day"
_SENTINELS = {True: "~", False: "0"}  # after and before every time


def with_listing_keys(profile: Item) -> Item:
    """Return the new profile with its index keys, which never change."""
    shard = zlib.crc32(profile["id"].encode()) % _SHARDS
    created_at: str = profile["created_at"]
    return profile | {"joined": f"{created_at[:10]}#{shard}", "listed_as": f"{created_at}#{profile['id']}"}


def day_item(profile: Item) -> Put:
    """Return the write that lists the day in its shard; idempotent, made before the profile."""
    date, shard = profile["joined"].split("#")
    return Put("users", {"pk": f"days#{shard}", "sk": date})


def page(*, limit: int, token: str | None) -> Page:
    """Return one page of users, newest first. Raises InvalidPageToken."""
    position: Any = decode(token, _SCOPE) if token else {"forward": True, "at": None}
    forward, at = bool(position["forward"]), position["at"]
    streams = [_shard_keys(shard, at or _SENTINELS[forward], limit + 1, forward) for shard in range(_SHARDS)]
    merged = heapq.merge(*streams, key=lambda key: str(key["listed_as"]), reverse=forward)
    found = list(islice(merged, limit + 1))
    has_more, keys = len(found) > limit, found[:limit]
    if not forward:
        keys.reverse()
    items = store.batch_get("users", [{"pk": key["pk"], "sk": key["sk"]} for key in keys])
    has_next, has_previous = (has_more, at is not None) if forward else (at is not None, has_more)
    last, first = (keys[-1]["listed_as"], keys[0]["listed_as"]) if keys else (None, None)
    return Page(
        [item for item in items if "user_name" in item],  # tombstones have none
        encode({"forward": True, "at": last}, _SCOPE) if has_next else None,
        encode({"forward": False, "at": first}, _SCOPE) if has_previous else None,
    )


def _shard_keys(shard: int, at: str, limit: int, forward: bool) -> Iterator[Item]:  # noqa: FBT001 - as its neighbours
    comparison = "<" if forward else ">"
    for day in _shard_days(shard, at, forward):
        condition = f"#joined = :joined AND #listed_as {comparison} :at"
        values = {"joined": f"{day}#{shard}", "at": at}
        keys, _ = store.query("users", condition, values, index="by_day", limit=limit, forward=not forward)
        yield from keys


def _shard_days(shard: int, at: str, forward: bool) -> Iterator[str]:  # noqa: FBT001
    comparison, start = "<=" if forward else ">=", None
    while True:
        condition, values = f"#pk = :pk AND #sk {comparison} :day", {"pk": f"days#{shard}", "day": at[:10]}
        items, start = store.query("users", condition, values, start=start, forward=not forward)
        yield from (item["sk"] for item in items)
        if start is None:
            return
