"""The port to DynamoDB: values, expressions, conditions, and what AWS does on a bad day."""

import json
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import env, store
from common.retries import Contention, TransactionConflict
from common.store import ConditionCheck, ConditionFailed, Delete, Put, Update, marshal, unmarshal
from tests.support.faults.aws_errors import (
    SdkResponse,
    cancelled_transaction,
    error_response,
    lost_reply,
    scripted_responses,
)
from tests.support.system.one_table import bookings_table

T = "bookings"
CONFLICT = error_response("TransactionConflictException")
A, B = {"pk": "a", "sk": "x"}, {"pk": "b", "sk": "x"}


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    with bookings_table():
        yield


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without making them."""
    sleeps: list[float] = []
    monkeypatch.setattr(time, "sleep", sleeps.append)
    return sleeps


def put(**item: Any) -> None:
    store.write(Put(T, item))


def add(key: dict[str, str], condition: str | None = None) -> Update:
    return Update(T, key, "ADD #n :one", condition=condition, values={"one": 1})


class Colour(StrEnum):
    RED = "RED"


def test_item_round_trips_unchanged() -> None:
    item = A | {
        "text": "ü\0😀",
        "n": -(10**37),
        "yes": True,
        "no": False,
        "list": [1, ["a", {}], None],
        "map": {"k": {"x": 0}},
    }

    put(**item)

    assert store.get(T, A) == item


def test_none_is_omitted_and_enums_become_text() -> None:
    put(**A, gone=None, colour=Colour.RED)

    assert store.get(T, A) == A | {"colour": "RED"}


@pytest.mark.parametrize("value", [1.5, float("nan"), 10**38 + 1, object()])
def test_inexact_value_is_rejected(value: object) -> None:
    with pytest.raises((TypeError, ArithmeticError)):
        marshal({"value": value})


def test_fractional_number_is_not_read_as_integer() -> None:
    with pytest.raises(ValueError, match=r"1\.5"):
        unmarshal({"n": {"N": "1.5"}})


def test_missing_item_is_none() -> None:
    assert store.get(T, A) is None


def test_read_is_consistent_by_default() -> None:
    with scripted_responses("dynamodb", "GetItem") as calls:
        store.get(T, A)
        store.get(T, A, consistent=False)

    assert [json.loads(call["body"])["ConsistentRead"] for call in calls.calls] == [True, False]


def test_update_returns_the_new_item() -> None:
    put(**A, n=1, name="x")

    assert store.write(add(A)) == A | {"n": 2, "name": "x"}


def test_reserved_attribute_names_work() -> None:
    written = store.write(Update(T, A, "SET #name = :name, #status = :status", values={"name": "x", "status": "y"}))

    assert (written["name"], written["status"]) == ("x", "y")


def test_missing_expression_value_raises() -> None:
    with pytest.raises(KeyError, match="room"):
        store.write(Update(T, A, "SET #n = :room"))


def test_unused_expression_values_are_not_sent() -> None:
    store.write(Update(T, A, "SET #n = :one", values={"one": 1, "two": 2}))

    assert store.get(T, A) == A | {"n": 1}


def test_failed_condition_returns_the_old_item() -> None:
    put(**A, n=7)

    with pytest.raises(ConditionFailed) as failure:
        store.write(Put(T, A, condition="attribute_not_exists(#pk)"))

    assert (failure.value.failed_indexes, failure.value.old_items) == ((0,), (A | {"n": 7},))


def test_failed_condition_on_missing_item_returns_none() -> None:
    with pytest.raises(ConditionFailed) as failure:
        store.write(add(A, "attribute_exists(#pk)"))

    assert (failure.value.failed_indexes, failure.value.old_items) == ((0,), (None,))


def test_delete_checks_its_condition() -> None:
    put(**A, n=1)
    with pytest.raises(ConditionFailed):
        store.write(Delete(T, A, condition="#n = :two", values={"two": 2}))

    store.write(Delete(T, A, condition="#n = :one", values={"one": 1}))

    assert store.get(T, A) is None


def test_transaction_supports_every_kind_of_write() -> None:
    put(**A, n=1)
    put(pk="old", sk="x")
    check = ConditionCheck(T, {"pk": "none", "sk": "x"}, condition="attribute_not_exists(#pk)")

    store.transact([Put(T, B), add(A), Delete(T, {"pk": "old", "sk": "x"}), check])

    assert [store.get(T, key) for key in (A, B, {"pk": "old", "sk": "x"})] == [A | {"n": 2}, B, None]


def test_failed_transaction_reports_failed_indexes_and_writes_nothing() -> None:
    put(**A, n=1)
    none = ConditionCheck(T, {"pk": "none", "sk": "x"}, condition="attribute_exists(#pk)")

    with pytest.raises(ConditionFailed) as failure:
        store.transact([Put(T, B), add(A, "#n > :one"), none])

    assert failure.value.failed_indexes == (1, 2)
    assert failure.value.old_items == (None, A | {"n": 1}, None)
    assert store.get(T, B) is None


@pytest.mark.parametrize("times", [1, 3, 7])
def test_transaction_conflict_is_retried_with_backoff(pauses: list[float], times: int) -> None:
    with scripted_responses("dynamodb", "UpdateItem", *[CONFLICT] * times) as calls:
        assert store.write(add(A))["n"] == 1

    assert len(calls.calls) == times + 1
    assert len(pauses) == times
    assert all(0 <= pause <= 0.01 * 2**at for at, pause in enumerate(pauses))


def test_backoff_is_jittered(pauses: list[float]) -> None:
    with scripted_responses("dynamodb", "UpdateItem", *[CONFLICT] * 7):
        store.write(add(A))

    assert len(set(pauses)) == 7


def test_persistent_conflict_raises(pauses: list[float]) -> None:
    with scripted_responses("dynamodb", "UpdateItem", *[CONFLICT] * 99) as calls, pytest.raises(TransactionConflict):
        store.write(add(A))

    assert (len(calls.calls), len(pauses)) == (8, 7)
    assert store.get(T, A) is None


def test_transaction_retries_reuse_the_request_token(pauses: list[float]) -> None:
    conflicts = [
        cancelled_transaction("TransactionConflict", "None"),
        cancelled_transaction("None", "TransactionConflict"),
    ]

    with scripted_responses("dynamodb", "TransactWriteItems", *conflicts) as calls:
        store.transact([add(A), add(B)])

    tokens = [json.loads(call["body"])["ClientRequestToken"] for call in calls.calls]
    assert (len(tokens), len(set(tokens))) == (3, 1)
    assert len(pauses) == 2


def test_transactions_have_distinct_tokens_by_default() -> None:
    with scripted_responses("dynamodb", "TransactWriteItems") as calls:
        store.transact([add(A)])
        store.transact([add(A)])
        store.transact([add(A)], token="mine")

    tokens = [json.loads(call["body"])["ClientRequestToken"] for call in calls.calls]
    assert (len(set(tokens)), tokens[2]) == (3, "mine")


def test_sdk_repeats_lost_transaction_with_same_token() -> None:
    # The emulation forgets tokens and so refuses the repetition; DynamoDB answers that it is done.
    with (
        scripted_responses("dynamodb", "TransactWriteItems") as calls,
        lost_reply("dynamodb", "TransactWriteItems") as attempts,
    ):
        store.transact([add(A)])

    assert (attempts, len(calls.calls)) == ([1, 2], 1)
    assert "ClientRequestToken" in json.loads(calls.calls[0]["body"])


NOT_RETRIED: dict[str, SdkResponse] = {
    "throttled": cancelled_transaction("ThrottlingError", "None"),
    "throughput exceeded": cancelled_transaction("None", "ProvisionedThroughputExceeded"),
    "invalid": cancelled_transaction("ValidationError", "None"),
    "invalid beside a conflict": cancelled_transaction("ValidationError", "TransactionConflict"),
    "throttled beside a conflict": cancelled_transaction("TransactionConflict", "ThrottlingError"),
    "too large": cancelled_transaction("ItemCollectionSizeLimitExceeded", "None"),
    "without reasons": cancelled_transaction(),
    "denied": error_response("AccessDeniedException"),
    "the whole call throttled": error_response("ThrottlingException"),
}


@pytest.mark.parametrize("name", NOT_RETRIED)
def test_only_conflicts_are_retried(pauses: list[float], name: str) -> None:
    with (
        scripted_responses("dynamodb", "TransactWriteItems", NOT_RETRIED[name]) as calls,
        pytest.raises(ClientError) as error,
    ):
        store.transact([add(A), add(B)])

    assert (len(calls.calls), pauses) == (1, [])
    assert error.value.response["Error"]["Code"] == NOT_RETRIED[name]["Error"]["Code"]


@pytest.mark.parametrize("other", ["TransactionConflict", "ThrottlingError", "None"])
def test_failed_condition_wins_over_other_reasons(pauses: list[float], other: str) -> None:
    answer = cancelled_transaction("ConditionalCheckFailed", other, items={0: marshal(A | {"n": 3})})

    with (
        scripted_responses("dynamodb", "TransactWriteItems", answer) as calls,
        pytest.raises(ConditionFailed) as failure,
    ):
        store.transact([add(A), add(B)])

    assert (len(calls.calls), pauses) == (1, [])
    assert (failure.value.failed_indexes, failure.value.old_items) == ((0,), (A | {"n": 3}, None))


def test_throttled_write_propagates(pauses: list[float]) -> None:
    throttled = error_response("ProvisionedThroughputExceededException")

    with (
        scripted_responses("dynamodb", "UpdateItem", throttled) as calls,
        pytest.raises(ClientError, match="Provisioned"),
    ):
        store.write(add(A))

    assert (len(calls.calls), pauses) == (1, [])


def test_batch_get_splits_keys_and_keeps_order() -> None:
    keys = [{"pk": f"{n:03}", "sk": "x"} for n in range(250)]
    for key in keys[::2]:
        put(**key)

    with scripted_responses("dynamodb", "BatchGetItem") as calls:
        items = store.batch_get(T, list(reversed(keys)))

    assert items == list(reversed(keys[::2]))
    requests = [json.loads(call["body"])["RequestItems"]["test-bookings"] for call in calls.calls]
    assert [len(one["Keys"]) for one in requests] == [100, 100, 50]
    assert all(one["ConsistentRead"] for one in requests)


def test_batch_get_without_keys_makes_no_call() -> None:
    with scripted_responses("dynamodb", "BatchGetItem") as calls:
        assert store.batch_get(T, []) == []

    assert calls.calls == []


def _unprocessed(*keys: dict[str, str]) -> SdkResponse:
    unread = {"test-bookings": {"Keys": [marshal(key) for key in keys]}}
    return {"Responses": {"test-bookings": []}, "UnprocessedKeys": unread, "ResponseMetadata": {}}


def test_unprocessed_keys_are_retried_with_backoff(pauses: list[float]) -> None:
    put(**A)
    put(**B)
    first = _unprocessed(B) | {"Responses": {"test-bookings": [marshal(A)]}}

    with scripted_responses("dynamodb", "BatchGetItem", first, _unprocessed(B)) as calls:
        assert store.batch_get(T, [B, A]) == [B, A]

    retried = [json.loads(call["body"])["RequestItems"]["test-bookings"]["Keys"] for call in calls.calls[1:]]
    assert retried == [[marshal(B)]] * 2
    assert len(pauses) == 2


def test_keys_left_unprocessed_raise_contention(pauses: list[float]) -> None:
    with scripted_responses("dynamodb", "BatchGetItem", *[_unprocessed(A)] * 99) as calls, pytest.raises(Contention):
        store.batch_get(T, [A])

    assert len(calls.calls) == 8


def test_query_pages_in_both_directions() -> None:
    for n in range(5):
        put(pk="a", sk=str(n))

    first, at = store.query(T, "#pk = :pk", {"pk": "a"}, limit=3)
    rest, end = store.query(T, "#pk = :pk", {"pk": "a"}, limit=3, start=at)
    newest, _ = store.query(T, "#pk = :pk AND #sk < :sk", {"pk": "a", "sk": "4"}, limit=1, forward=False)

    assert [item["sk"] for item in first + rest] == ["0", "1", "2", "3", "4"]
    assert (at, end, newest) == ({"pk": "a", "sk": "2"}, None, [{"pk": "a", "sk": "3"}])


def test_query_is_consistent_on_tables_only() -> None:
    with scripted_responses("dynamodb", "Query") as calls:
        store.query(T, "#pk = :pk", {"pk": "a"})
        store.query(T, "#user_id = :user_id", {"user_id": "a"}, index="by_user")

    assert [json.loads(call["body"]).get("ConsistentRead") for call in calls.calls] == [True, None]


def test_ungranted_table_has_no_name() -> None:
    with pytest.raises(env.NotGranted):
        store.get("payments", A)


def test_put_with_lost_reply_finds_its_own_item() -> None:
    item = A | {"operation": "r1"}

    with lost_reply("dynamodb", "PutItem") as attempts, pytest.raises(ConditionFailed) as failure:
        store.write(Put(T, item, condition="attribute_not_exists(#pk)"))

    assert (attempts, failure.value.old_items) == ([1, 2], (item,))


def test_sdk_client_has_short_timeouts_and_retries() -> None:
    config = env.client("dynamodb").meta.config

    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (1, 5, 4)


def test_lambda_client_waits_longer_and_never_retries() -> None:
    config = env.client("lambda").meta.config

    assert (config.read_timeout, config.retries["total_max_attempts"]) == (20, 1)
