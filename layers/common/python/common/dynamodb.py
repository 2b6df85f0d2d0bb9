"""The DynamoDB adapter of common/store.py: one SDK call per operation, its errors as the store's exceptions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from common import env
from common.retries import TransactionConflict, is_conflict
from common.writes import (
    ConditionCheck,
    Delete,
    Item,
    Key,
    Put,
    Update,
    Write,
    condition_failure,
    expression_attributes,
    marshal,
    to_request,
    unmarshal,
)

R = TypeVar("R")

_TRANSACT_MEMBERS = {Put: "Put", Update: "Update", Delete: "Delete", ConditionCheck: "ConditionCheck"}


def get(table: str, key: Key, *, consistent: bool) -> Item | None:
    response = _client().get_item(TableName=env.table(table), Key=marshal(key), ConsistentRead=consistent)
    return unmarshal(response["Item"]) if "Item" in response else None


def batch_get(table: str, keys: Sequence[Key]) -> tuple[list[Item], list[Item]]:
    name = env.table(table)
    request = {name: {"Keys": [marshal(key) for key in keys], "ConsistentRead": True}}
    response = _client().batch_get_item(RequestItems=request)
    unprocessed = response.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
    return [unmarshal(item) for item in response["Responses"].get(name, [])], [unmarshal(key) for key in unprocessed]


def query(  # noqa: PLR0913 - the port's signature
    table: str,
    condition: str,
    values: Mapping[str, Any],
    *,
    index: str | None,
    limit: int | None,
    start: Key | None,
    forward: bool,
) -> tuple[list[Item], Item | None]:
    request = expression_attributes(condition, values) | {
        "KeyConditionExpression": condition,
        "ScanIndexForward": forward,
    }
    request |= {"IndexName": index} if index else {"ConsistentRead": True}
    request |= ({"Limit": limit} if limit else {}) | ({"ExclusiveStartKey": marshal(start)} if start else {})
    page = _client().query(TableName=env.table(table), **request)
    last = page.get("LastEvaluatedKey")
    return [unmarshal(image) for image in page["Items"]], unmarshal(last) if last else None


def write(change: Write) -> Item:
    return _translate_errors(lambda: _write(change))


def transact(writes: Sequence[Write], token: str) -> None:
    items = [{_TRANSACT_MEMBERS[type(one)]: to_request(one)} for one in writes]
    _translate_errors(lambda: _client().transact_write_items(TransactItems=items, ClientRequestToken=token))


def _client() -> Any:
    return env.client("dynamodb")


def _write(change: Write) -> Item:
    if isinstance(change, Put):
        _client().put_item(**to_request(change))
        return change.item
    if isinstance(change, Delete):
        _client().delete_item(**to_request(change))
        return {}
    updated = _client().update_item(**to_request(change), ReturnValues="ALL_NEW")
    return unmarshal(updated["Attributes"])


def _translate_errors(operation: Callable[[], R]) -> R:
    try:
        return operation()
    except ClientError as error:
        failure = condition_failure(error)
        if failure:
            raise failure from None
        if is_conflict(error):
            raise TransactionConflict(str(error)) from error
        raise
