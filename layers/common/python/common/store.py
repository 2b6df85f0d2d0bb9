"""The port to DynamoDB: plain Python values in and out, conditions answered, conflicts retried.

In expressions `#word` names the attribute `word` and `:word` the value `word`; both maps are
filled in from there. Numbers are integers only: money is minor units and nothing is a float.
"""

import random
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from common import env, ids

Item = dict[str, Any]
Key = Mapping[str, str]

_NAME = re.compile(r"#(\w+)")
_VALUE = re.compile(r":(\w+)")
_CONFLICT_TRIES = 8
_BATCH = 100  # BatchGetItem's limit


class _Numbers(TypeDeserializer):  # type: ignore[misc]
    def _deserialize_n(self, value: str) -> int:
        return int(value)


_out, _in = TypeSerializer(), _Numbers()


def marshal(item: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values to DynamoDB's attribute values; None is left out."""
    return {name: _out.serialize(value) for name, value in item.items() if value is not None}


def unmarshal(image: Mapping[str, Any]) -> Item:
    """DynamoDB's attribute values to plain values."""
    return {name: _in.deserialize(value) for name, value in image.items()}


@dataclass(frozen=True)
class Write:
    """One write: table by its topology name, key or item, and what must hold."""

    table: str
    condition: str | None = field(default=None, kw_only=True)
    values: Mapping[str, Any] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True)
class Put(Write):
    item: Item


@dataclass(frozen=True)
class Update(Write):
    key: Key
    expression: str


@dataclass(frozen=True)
class Delete(Write):
    key: Key


@dataclass(frozen=True)
class Check(Write):
    key: Key


class ConditionFailed(Exception):
    """A condition did not hold. `old` has the item found there, or None, for each write in order."""

    def __init__(self, failed: Sequence[int], old: Sequence[Item | None]) -> None:
        super().__init__(f"condition failed on write {list(failed)}")
        self.failed = tuple(failed)
        self.old = tuple(old)


def get(table: str, key: Key, *, consistent: bool = True) -> Item | None:
    """The item, read consistently unless told otherwise."""
    found = _dynamodb().get_item(TableName=env.table(table), Key=marshal(key), ConsistentRead=consistent)
    return unmarshal(found["Item"]) if "Item" in found else None


def batch_get(table: str, keys: Sequence[Key]) -> list[Item]:
    """The items that exist, in the order of the keys, read consistently."""
    found: dict[tuple[str, ...], Item] = {}
    for start in range(0, len(keys), _BATCH):
        wanted: list[Any] = [marshal(key) for key in keys[start : start + _BATCH]]
        while wanted:
            request = {env.table(table): {"Keys": wanted, "ConsistentRead": True}}
            answer = _dynamodb().batch_get_item(RequestItems=request)
            for image in answer["Responses"].get(env.table(table), []):
                item = unmarshal(image)
                found[item["pk"], item["sk"]] = item
            wanted = answer.get("UnprocessedKeys", {}).get(env.table(table), {}).get("Keys", [])
    return [found[key["pk"], key["sk"]] for key in keys if (key["pk"], key["sk"]) in found]


def query(
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
    request = _expressions(condition, values) | {"KeyConditionExpression": condition, "ScanIndexForward": forward}
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
    """All writes or none, exactly once for ten minutes per token. Raises ConditionFailed."""
    items = [{type(one).__name__.replace("Check", "ConditionCheck"): _request(one)} for one in writes]
    token = token or ids.new()
    _patiently(lambda: _dynamodb().transact_write_items(TransactItems=items, ClientRequestToken=token))


def _dynamodb() -> Any:
    return env.client("dynamodb")


def _write(one: Write) -> Item:
    if isinstance(one, Put):
        _dynamodb().put_item(**_request(one))
        return one.item
    if isinstance(one, Delete):
        _dynamodb().delete_item(**_request(one))
        return {}
    updated = _dynamodb().update_item(**_request(one), ReturnValues="ALL_NEW")
    return unmarshal(updated["Attributes"])


def _request(one: Write) -> dict[str, Any]:
    request: dict[str, Any] = {"TableName": env.table(one.table)}
    request |= {"Item": marshal(one.item)} if isinstance(one, Put) else {"Key": marshal(one.key)}  # type: ignore[attr-defined]
    update = one.expression if isinstance(one, Update) else ""
    request |= {"UpdateExpression": update} if update else {}
    if one.condition:
        request |= {"ConditionExpression": one.condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    return request | _expressions(f"{update} {one.condition or ''}", one.values)


def _expressions(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {f"#{name}": name for name in _NAME.findall(text)}
    used = {f":{name}": _out.serialize(values[name]) for name in _VALUE.findall(text)}
    return ({"ExpressionAttributeNames": names} if names else {}) | (
        {"ExpressionAttributeValues": used} if used else {}
    )


def _patiently(attempt: Any) -> Any:
    """Repeat on TransactionConflict only, jittered: the SDK does not, and a failed condition is final."""
    for tried in range(_CONFLICT_TRIES):
        try:
            return attempt()
        except ClientError as error:
            refused = _refusal(error)
            if refused:
                raise refused from None
            if not _conflicted(error) or tried == _CONFLICT_TRIES - 1:
                raise
        _pause(random.uniform(0, 0.01 * 2**tried))  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")


def _pause(seconds: float) -> None:
    time.sleep(seconds)


def _refusal(error: ClientError) -> ConditionFailed | None:
    code, answer = error.response["Error"]["Code"], error.response
    if code == "ConditionalCheckFailedException":
        return ConditionFailed([0], [_old(answer)])
    if code != "TransactionCanceledException":
        return None
    reasons = answer.get("CancellationReasons", [])
    failed = [at for at, reason in enumerate(reasons) if reason.get("Code") == "ConditionalCheckFailed"]
    return ConditionFailed(failed, [_old(reason) for reason in reasons]) if failed else None


def _old(reason: Mapping[str, Any]) -> Item | None:
    return unmarshal(reason["Item"]) if reason.get("Item") else None


def _conflicted(error: ClientError) -> bool:
    if error.response["Error"]["Code"] == "TransactionConflictException":
        return True
    codes: Iterable[Any] = (reason.get("Code") for reason in error.response.get("CancellationReasons", []))
    return "TransactionConflict" in codes
