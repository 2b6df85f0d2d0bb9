"""The port to the tables: plain Python values in and out, conditions answered, conflicts retried.

How writes and their expressions are written: common/writes.py. What is behind the port is
DynamoDB (common/dynamodb.py); a simulation puts its own tables there with `use`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from common import dynamodb, ids
from common.patience import Conflicted, NotNow, pause
from common.writes import (
    Check,
    ConditionFailed,
    Delete,
    Item,
    Key,
    Put,
    Update,
    Write,
    marshal,
    unmarshal,
)

__all__ = [
    "Check",
    "ConditionFailed",
    "Delete",
    "Item",
    "Key",
    "Put",
    "Update",
    "Write",
    "batch_get",
    "get",
    "marshal",
    "query",
    "transact",
    "unmarshal",
    "use",
    "write",
]

R = TypeVar("R")

_TRIES = 8
_BATCH = 100  # BatchGetItem's limit


class Tables(Protocol):
    """What is behind the port. Each call is one request; writes raise ConditionFailed or Conflicted."""

    def get(self, table: str, key: Key, *, consistent: bool) -> Item | None: ...

    def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
        """What was found, in any order, and the keys that were left unread."""

    def query(  # noqa: PLR0913 - as the port's own
        self,
        table: str,
        condition: str,
        values: Mapping[str, Any],
        *,
        index: str | None,
        limit: int | None,
        start: Key | None,
        forward: bool,
    ) -> tuple[list[Item], Item | None]: ...

    def write(self, one: Write) -> Item: ...

    def transact(self, writes: Sequence[Write], token: str) -> None: ...


_instead: list[Tables] = []  # what stands in for DynamoDB, in simulations


def use(tables: Tables | None = None) -> None:
    """Keep everything in `tables`, or in DynamoDB again."""
    _instead[:] = [tables] if tables else []


def get(table: str, key: Key, *, consistent: bool = True) -> Item | None:
    """The item, read consistently unless told otherwise."""
    return _tables().get(table, key, consistent=consistent)


def batch_get(table: str, keys: Sequence[Key]) -> list[Item]:
    """The items that exist, in the order of the keys, read consistently. Raises NotNow."""
    found: dict[tuple[str, str], Item] = {}
    for start in range(0, len(keys), _BATCH):
        found |= {(item["pk"], item["sk"]): item for item in _batch(table, keys[start : start + _BATCH])}
    return [found[key["pk"], key["sk"]] for key in keys if (key["pk"], key["sk"]) in found]


def query(  # noqa: PLR0913 - keywords, read at the call
    table: str,
    condition: str,
    values: Mapping[str, Any],
    *,
    index: str | None = None,
    limit: int | None = None,
    start: Key | None = None,
    forward: bool = True,
) -> tuple[list[Item], Item | None]:
    """One page of a query and the key to go on from; consistent on the table, never on an index."""
    return _tables().query(table, condition, values, index=index, limit=limit, start=start, forward=forward)


def write(one: Write) -> Item:
    """Carry out one write and return the item as it then is (`Put` and `Update` only).

    Raises ConditionFailed with the item found. A reply may be lost and the SDK may repeat a write
    that had succeeded: writers that must know compare their operation with that of `old`.
    """
    return _patiently(lambda: _tables().write(one))


def transact(writes: Sequence[Write], *, token: str | None = None) -> None:
    """All writes or none, exactly once for ten minutes per token. Raises ConditionFailed.

    Where a condition failed, `old` has an item for the writes that failed only: DynamoDB tells no more.
    """
    token = token or ids.new()
    _patiently(lambda: _tables().transact(writes, token))


def _tables() -> Tables:
    return (_instead or [dynamodb])[-1]


def _batch(table: str, keys: Sequence[Key]) -> Iterator[Item]:
    for tried in range(_TRIES):
        found, keys = _tables().batch_get(table, keys)
        yield from found
        if not keys:
            return
        pause(tried)
    raise NotNow(f"{len(keys)} keys unread")


def _patiently(attempt: Callable[[], R]) -> R:
    # Repeats on conflict only: the SDK does not, and a failed condition is final.
    for tried in range(_TRIES - 1):
        try:
            return attempt()
        except Conflicted:
            pause(tried)
    return attempt()
