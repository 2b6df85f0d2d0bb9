"""DynamoDB's data format: values, write requests, expressions and failed conditions.

In expressions `#name` is the attribute `name` and `:name` the value `name`; ExpressionAttributeNames and -Values
derive from them. Numbers are integers only: money is in minor units and there are no floats.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from common import env

Item = dict[str, Any]
Key = Mapping[str, str]

_NAME_TOKEN = re.compile(r"#(\w+)")
_VALUE_TOKEN = re.compile(r":(\w+)")


class _IntegerDeserializer(TypeDeserializer):
    def _deserialize_n(self, value: str) -> int:
        return int(value)


_serializer, _deserializer = TypeSerializer(), _IntegerDeserializer()


def marshal(item: Mapping[str, Any]) -> dict[str, Any]:
    """Convert plain values to DynamoDB attribute values; None is left out."""
    return {name: _serializer.serialize(value) for name, value in item.items() if value is not None}


def unmarshal(image: Mapping[str, Any]) -> Item:
    """Convert DynamoDB attribute values to plain values."""
    return {name: _deserializer.deserialize(value) for name, value in image.items()}


@dataclass(frozen=True)
class Write:
    """One write: the table's topology name, a key or an item, and an optional condition with its values."""

    table: str
    condition: str | None = field(default=None, kw_only=True)
    values: Mapping[str, Any] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True)
class Put(Write):
    item: Item


@dataclass(frozen=True)
class KeyedWrite(Write):
    key: Key


@dataclass(frozen=True)
class Update(KeyedWrite):
    expression: str


@dataclass(frozen=True)
class Delete(KeyedWrite):
    pass


@dataclass(frozen=True)
class ConditionCheck(KeyedWrite):
    pass


def item_key(write: Write) -> Mapping[str, Any]:
    """A mapping with `pk` and `sk` of the written item."""
    if isinstance(write, KeyedWrite):
        return write.key
    return write.item if isinstance(write, Put) else {}


class ConditionFailed(Exception):
    """At least one condition failed.

    `failed_indexes` are the positions of the failed writes. `old_items` has the stored item for each write in order;
    None where there is no item or the write's own condition did not fail.
    """

    def __init__(self, failed_indexes: Sequence[int], old_items: Sequence[Item | None]) -> None:
        super().__init__(f"condition failed on write {list(failed_indexes)}")
        self.failed_indexes = tuple(failed_indexes)
        self.old_items = tuple(old_items)


def to_request(write: Write) -> dict[str, Any]:
    """The parameters of the write, for a single request and for a member of TransactWriteItems."""
    request: dict[str, Any] = {"TableName": env.table(write.table)}
    request |= {"Item": marshal(write.item)} if isinstance(write, Put) else {"Key": marshal(item_key(write))}
    update = write.expression if isinstance(write, Update) else ""
    request |= {"UpdateExpression": update} if update else {}
    if write.condition:
        request |= {"ConditionExpression": write.condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    return request | expression_attributes(f"{update} {write.condition or ''}", write.values)


def expression_attributes(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """ExpressionAttributeNames and -Values for the placeholders in `text`. Raises KeyError for a missing value."""
    names = {f"#{name}": name for name in _NAME_TOKEN.findall(text)}
    used = {f":{name}": _serializer.serialize(values[name]) for name in _VALUE_TOKEN.findall(text)}
    return ({"ExpressionAttributeNames": names} if names else {}) | (
        {"ExpressionAttributeValues": used} if used else {}
    )


def condition_failure(error: ClientError) -> ConditionFailed | None:
    """The error's failed conditions, None without any. A failed condition outweighs conflicts: a retry fails again."""
    code, response = error.response["Error"]["Code"], error.response
    if code == "ConditionalCheckFailedException":
        return ConditionFailed([0], [_old_item(response)])
    if code != "TransactionCanceledException":
        return None
    reasons = response.get("CancellationReasons", [])
    failed = [index for index, reason in enumerate(reasons) if reason.get("Code") == "ConditionalCheckFailed"]
    return ConditionFailed(failed, [_old_item(reason) for reason in reasons]) if failed else None


def _old_item(reason: Mapping[str, Any]) -> Item | None:
    return unmarshal(reason["Item"]) if reason.get("Item") else None
