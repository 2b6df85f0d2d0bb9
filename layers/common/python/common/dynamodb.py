"""What carries the store's reads and writes to DynamoDB: one SDK call each, its errors in the store's words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from common import env
from common.patience import Conflicted, conflicted
from common.writes import (
    Check,
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

R = TypeVar("R")

_MEMBERS = {Put: "Put", Update: "Update", Delete: "Delete", Check: "ConditionCheck"}


def get(table: str, key: Key, *, consistent: bool) -> Item | None:
    found = _client().get_item(TableName=env.table(table), Key=marshal(key), ConsistentRead=consistent)
    return unmarshal(found["Item"]) if "Item" in found else None


def batch_get(table: str, keys: Sequence[Key]) -> tuple[list[Item], list[Item]]:
    name = env.table(table)
    wanted = {name: {"Keys": [marshal(key) for key in keys], "ConsistentRead": True}}
    answer = _client().batch_get_item(RequestItems=wanted)
    unread = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
    return [unmarshal(one) for one in answer["Responses"].get(name, [])], [unmarshal(one) for one in unread]


def query(  # noqa: PLR0913 - as the store's
    table: str,
    condition: str,
    values: Mapping[str, Any],
    *,
    index: str | None,
    limit: int | None,
    start: Key | None,
    forward: bool,
) -> tuple[list[Item], Item | None]:
    request = expressions(condition, values) | {"KeyConditionExpression": condition, "ScanIndexForward": forward}
    request |= {"IndexName": index} if index else {"ConsistentRead": True}
    request |= ({"Limit": limit} if limit else {}) | ({"ExclusiveStartKey": marshal(start)} if start else {})
    page = _client().query(TableName=env.table(table), **request)
    last = page.get("LastEvaluatedKey")
    return [unmarshal(image) for image in page["Items"]], unmarshal(last) if last else None


def write(one: Write) -> Item:
    return _answered(lambda: _write(one))


def transact(writes: Sequence[Write], token: str) -> None:
    items = [{_MEMBERS[type(one)]: as_request(one)} for one in writes]
    _answered(lambda: _client().transact_write_items(TransactItems=items, ClientRequestToken=token))


def _client() -> Any:
    return env.client("dynamodb")


def _write(one: Write) -> Item:
    if isinstance(one, Put):
        _client().put_item(**as_request(one))
        return one.item
    if isinstance(one, Delete):
        _client().delete_item(**as_request(one))
        return {}
    updated = _client().update_item(**as_request(one), ReturnValues="ALL_NEW")
    return unmarshal(updated["Attributes"])


def _answered(attempt: Callable[[], R]) -> R:
    try:
        return attempt()
    except ClientError as error:
        refused = refusal(error)
        if refused:
            raise refused from None
        if conflicted(error):
            raise Conflicted(str(error)) from error
        raise
