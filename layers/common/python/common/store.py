"""The port to DynamoDB: plain Python values in and out, conditions answered, conflicts retried.

How writes and their expressions are written: common/writes.py.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from common import env, ids
from common.patience import NotNow, conflicted, pause
from common.writes import (
    Check,
    ConditionFailed,
    Delete,
    Item,
    Key,
    Put,
    Update,
    Write,
    as_request,
    expressions,
    marshal,
    refusal,
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
    "write",
]

R = TypeVar("R")

_TRIES = 8
_BATCH = 100  # BatchGetItem's limit
_MEMBERS = {Put: "Put", Update: "Update", Delete: "Delete", Check: "ConditionCheck"}


def get(table: str, key: Key, *, consistent: bool = True) -> Item | None:
    """The item, read consistently unless told otherwise."""
    found = _dynamodb().get_item(TableName=env.table(table), Key=marshal(key), ConsistentRead=consistent)
    return unmarshal(found["Item"]) if "Item" in found else None


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
    request = expressions(condition, values) | {"KeyConditionExpression": condition, "ScanIndexForward": forward}
    request |= {"IndexName": index} if index else {"ConsistentRead": True}
    request |= ({"Limit": limit} if limit else {}) | ({"ExclusiveStartKey": marshal(start)} if start else {})
    page = _dynamodb().query(TableName=env.table(table), **request)
    last = page.get("LastEvaluatedKey")
    return [unmarshal(image) for image in page["Items"]], unmarshal(last) if last else None


def write(one: Write) -> Item:
    """Carry out one write and return the item as it then is (`Put` and `Update` only).

    Raises ConditionFailed with the item found. A reply may be lost and the SDK may repeat a write
    that had succeeded: writers that must know compare their operation with that of `old`.
    """
    return _patiently(lambda: _write(one))


def transact(writes: Sequence[Write], *, token: str | None = None) -> None:
    """All writes or none, exactly once for ten minutes per token. Raises ConditionFailed.

    Where a condition failed, `old` has an item for the writes that failed only: DynamoDB tells no more.
    """
    items = [{_MEMBERS[type(one)]: as_request(one)} for one in writes]
    token = token or ids.new()
    _patiently(lambda: _dynamodb().transact_write_items(TransactItems=items, ClientRequestToken=token))


def _dynamodb() -> Any:
    return env.client("dynamodb")


def _batch(table: str, keys: Sequence[Key]) -> Iterator[Item]:
    name, wanted = env.table(table), [marshal(key) for key in keys]
    for tried in range(_TRIES):
        answer = _dynamodb().batch_get_item(RequestItems={name: {"Keys": wanted, "ConsistentRead": True}})
        yield from map(unmarshal, answer["Responses"].get(name, []))
        wanted = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
        if not wanted:
            return
        pause(tried)
    raise NotNow(f"{len(wanted)} keys unread")


def _write(one: Write) -> Item:
    if isinstance(one, Put):
        _dynamodb().put_item(**as_request(one))
        return one.item
    if isinstance(one, Delete):
        _dynamodb().delete_item(**as_request(one))
        return {}
    updated = _dynamodb().update_item(**as_request(one), ReturnValues="ALL_NEW")
    return unmarshal(updated["Attributes"])


def _patiently(attempt: Callable[[], R]) -> R:
    # Repeats on conflict only: the SDK does not, and a failed condition is final.
    for tried in range(_TRIES - 1):
        try:
            return _once(attempt)
        except ClientError as error:
            if not conflicted(error):
                raise
        pause(tried)
    return _once(attempt)


def _once(attempt: Callable[[], R]) -> R:
    try:
        return attempt()
    except ClientError as error:
        refused = refusal(error)
        if refused is None:
            raise
        raise refused from None
