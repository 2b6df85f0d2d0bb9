"""The port to the tables: plain Python values in and out, failed conditions as exceptions, conflicts retried.

common/writes.py defines writes and their expressions. The adapter is common/dynamodb.py; simulations replace it with
in-memory tables by `use`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from common import dynamodb, ids
from common.retries import Contention, TransactionConflict, backoff
from common.writes import (
    ConditionCheck,
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
    "ConditionCheck",
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

_MAX_ATTEMPTS = 8
_BATCH_SIZE = 100  # BatchGetItem's limit


class Tables(Protocol):
    """The adapter's interface. Each call is one request; writes raise ConditionFailed or TransactionConflict."""

    def get(self, table: str, key: Key, *, consistent: bool) -> Item | None: ...

    def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
        """Return the items found, in any order, and the unprocessed keys."""

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

    def write(self, change: Write) -> Item: ...

    def transact(self, writes: Sequence[Write], token: str) -> None: ...


_override: list[Tables] = []  # replaces DynamoDB in simulations


def use(tables: Tables | None = None) -> None:
    """Read and write `tables`; DynamoDB if None."""
    _override[:] = [tables] if tables else []


def get(table: str, key: Key, *, consistent: bool = True) -> Item | None:
    """The item or None; strongly consistent by default."""
    return _tables().get(table, key, consistent=consistent)


def batch_get(table: str, keys: Sequence[Key]) -> list[Item]:
    """The existing items in the order of the keys, strongly consistent. Raises Contention if keys stay unprocessed."""
    items: dict[tuple[str, str], Item] = {}
    for start in range(0, len(keys), _BATCH_SIZE):
        items |= {(item["pk"], item["sk"]): item for item in _batch_get(table, keys[start : start + _BATCH_SIZE])}
    return [items[key["pk"], key["sk"]] for key in keys if (key["pk"], key["sk"]) in items]


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
    """One page of a query and the start key of the next, None after the last page.

    Strongly consistent on the table, eventually consistent on an index.
    """
    return _tables().query(table, condition, values, index=index, limit=limit, start=start, forward=forward)


def write(change: Write) -> Item:
    """Execute one write and return the new item; an empty dict for a Delete.

    Raises ConditionFailed with the stored item, TransactionConflict after the last attempt. If a response is lost, the
    SDK repeats a write that has succeeded; outbox.own_write recognises this.
    """
    return _retry_conflicts(lambda: _tables().write(change))


def transact(writes: Sequence[Write], *, token: str | None = None) -> None:
    """Execute all writes or none. Raises ConditionFailed, TransactionConflict after the last attempt.

    DynamoDB executes a token once and remembers it for ten minutes (ClientRequestToken). It returns the stored items
    of failed conditions only; the others are None in `old_items`.
    """
    token = token or ids.new()
    _retry_conflicts(lambda: _tables().transact(writes, token))


def _tables() -> Tables:
    return (_override or [dynamodb])[-1]


def _batch_get(table: str, keys: Sequence[Key]) -> Iterator[Item]:
    for attempt in range(_MAX_ATTEMPTS):
        items, keys = _tables().batch_get(table, keys)
        yield from items
        if not keys:
            return
        backoff(attempt)
    raise Contention(f"{len(keys)} keys unread")


def _retry_conflicts(operation: Callable[[], R]) -> R:
    # Only conflicts are retried: the SDK does not retry them, and a failed condition is final.
    for attempt in range(_MAX_ATTEMPTS - 1):
        try:
            return operation()
        except TransactionConflict:
            backoff(attempt)
    return operation()
