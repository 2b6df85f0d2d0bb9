"""What is read and written in DynamoDB's words: values, expressions, and the conditions that failed.

In expressions `#word` names the attribute `word` and `:word` the value `word`; both maps are
filled in from there. Numbers are integers only: money is minor units and nothing is a float.
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

_NAME = re.compile(r"#(\w+)")
_VALUE = re.compile(r":(\w+)")


class _Numbers(TypeDeserializer):
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
class Keyed(Write):
    key: Key


@dataclass(frozen=True)
class Update(Keyed):
    expression: str


@dataclass(frozen=True)
class Delete(Keyed):
    pass


@dataclass(frozen=True)
class Check(Keyed):
    pass


def place(one: Write) -> Mapping[str, Any]:
    """What holds `pk` and `sk` of the item that is written."""
    if isinstance(one, Keyed):
        return one.key
    return one.item if isinstance(one, Put) else {}


class ConditionFailed(Exception):
    """A condition did not hold.

    `failed` are the places of the writes it was, `old` has for each write in order the item that was
    found. DynamoDB tells only those whose own condition failed: the others are None.
    """

    def __init__(self, failed: Sequence[int], old: Sequence[Item | None]) -> None:
        super().__init__(f"condition failed on write {list(failed)}")
        self.failed = tuple(failed)
        self.old = tuple(old)


def as_request(one: Write) -> dict[str, Any]:
    """The parameters of the write's own call, and of its part in a transaction."""
    request: dict[str, Any] = {"TableName": env.table(one.table)}
    request |= {"Item": marshal(one.item)} if isinstance(one, Put) else {"Key": marshal(place(one))}
    update = one.expression if isinstance(one, Update) else ""
    request |= {"UpdateExpression": update} if update else {}
    if one.condition:
        request |= {"ConditionExpression": one.condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    return request | expressions(f"{update} {one.condition or ''}", one.values)


def expressions(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The two maps that the names and values in `text` need. Raises KeyError for a value that is missing."""
    names = {f"#{name}": name for name in _NAME.findall(text)}
    used = {f":{name}": _out.serialize(values[name]) for name in _VALUE.findall(text)}
    return ({"ExpressionAttributeNames": names} if names else {}) | (
        {"ExpressionAttributeValues": used} if used else {}
    )


def refusal(error: ClientError) -> ConditionFailed | None:
    """The failed conditions that the error tells of; with any, whatever else hindered it does not matter."""
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
