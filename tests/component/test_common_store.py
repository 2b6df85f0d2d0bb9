"""The port to DynamoDB: values, expressions, conditions, and what AWS does on a bad day."""

import json
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import env, store
from common.patience import Conflicted, NotNow
from common.store import Check, ConditionFailed, Delete, Put, Update, marshal, unmarshal
from tests.support.one_table import one_table
from tests.support.refusals import Answer, answering, cancelled, losing_a_reply, refused

T = "bookings"
CONFLICT = refused("TransactionConflictException")
A, B = {"pk": "a", "sk": "x"}, {"pk": "b", "sk": "x"}


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    with one_table():
        yield


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without making them."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def put(**item: Any) -> None:
    store.write(Put(T, item))


def add(key: dict[str, str], condition: str | None = None) -> Update:
    return Update(T, key, "ADD #n :one", condition=condition, values={"one": 1})


class Colour(StrEnum):
    RED = "RED"


def test_an_item_comes_back_as_it_went() -> None:
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


def test_none_is_left_out_and_words_are_text() -> None:
    put(**A, gone=None, colour=Colour.RED)

    assert store.get(T, A) == A | {"colour": "RED"}


@pytest.mark.parametrize("value", [1.5, float("nan"), 10**38 + 1, object()])
def test_what_is_no_exact_value_is_not_written(value: object) -> None:
    with pytest.raises((TypeError, ArithmeticError)):
        marshal({"value": value})


def test_a_number_with_a_fraction_is_not_read_as_if_it_were_whole() -> None:
    with pytest.raises(ValueError, match=r"1\.5"):
        unmarshal({"n": {"N": "1.5"}})


def test_a_missing_item_is_none() -> None:
    assert store.get(T, A) is None


def test_a_read_is_consistent_unless_told_otherwise() -> None:
    with answering("dynamodb", "GetItem") as calls:
        store.get(T, A)
        store.get(T, A, consistent=False)

    assert [json.loads(call["body"])["ConsistentRead"] for call in calls.calls] == [True, False]


def test_an_update_returns_the_item_as_it_then_is() -> None:
    put(**A, n=1, name="x")

    assert store.write(add(A)) == A | {"n": 2, "name": "x"}


def test_names_that_dynamodb_reserves_can_be_used() -> None:
    written = store.write(Update(T, A, "SET #name = :name, #status = :status", values={"name": "x", "status": "y"}))

    assert (written["name"], written["status"]) == ("x", "y")


def test_a_value_that_was_forgotten_is_an_error_here() -> None:
    with pytest.raises(KeyError, match="room"):
        store.write(Update(T, A, "SET #n = :room"))


def test_values_that_no_expression_names_are_not_sent() -> None:
    store.write(Update(T, A, "SET #n = :one", values={"one": 1, "two": 2}))

    assert store.get(T, A) == A | {"n": 1}


def test_a_failed_condition_shows_what_was_found() -> None:
    put(**A, n=7)

    with pytest.raises(ConditionFailed) as failure:
        store.write(Put(T, A, condition="attribute_not_exists(#pk)"))

    assert (failure.value.failed, failure.value.old) == ((0,), (A | {"n": 7},))


def test_a_failed_condition_on_nothing_shows_nothing() -> None:
    with pytest.raises(ConditionFailed) as failure:
        store.write(add(A, "attribute_exists(#pk)"))

    assert (failure.value.failed, failure.value.old) == ((0,), (None,))


def test_an_item_is_deleted_under_its_condition() -> None:
    put(**A, n=1)
    with pytest.raises(ConditionFailed):
        store.write(Delete(T, A, condition="#n = :two", values={"two": 2}))

    store.write(Delete(T, A, condition="#n = :one", values={"one": 1}))

    assert store.get(T, A) is None


def test_a_transaction_writes_all_its_kinds() -> None:
    put(**A, n=1)
    put(pk="old", sk="x")
    check = Check(T, {"pk": "none", "sk": "x"}, condition="attribute_not_exists(#pk)")

    store.transact([Put(T, B), add(A), Delete(T, {"pk": "old", "sk": "x"}), check])

    assert [store.get(T, key) for key in (A, B, {"pk": "old", "sk": "x"})] == [A | {"n": 2}, B, None]


def test_a_refused_transaction_names_the_writes_that_refused_and_writes_nothing() -> None:
    put(**A, n=1)
    none = Check(T, {"pk": "none", "sk": "x"}, condition="attribute_exists(#pk)")

    with pytest.raises(ConditionFailed) as failure:
        store.transact([Put(T, B), add(A, "#n > :one"), none])

    assert failure.value.failed == (1, 2)
    assert failure.value.old == (None, A | {"n": 1}, None)
    assert store.get(T, B) is None


@pytest.mark.parametrize("times", [1, 3, 7])
def test_a_conflict_is_tried_again_with_growing_pauses(pauses: list[float], times: int) -> None:
    with answering("dynamodb", "UpdateItem", *[CONFLICT] * times) as calls:
        assert store.write(add(A))["n"] == 1

    assert len(calls.calls) == times + 1
    assert len(pauses) == times
    assert all(0 <= pause <= 0.01 * 2**at for at, pause in enumerate(pauses))


def test_pauses_are_not_alike(pauses: list[float]) -> None:
    with answering("dynamodb", "UpdateItem", *[CONFLICT] * 7):
        store.write(add(A))

    assert len(set(pauses)) == 7


def test_a_conflict_that_lasts_is_told(pauses: list[float]) -> None:
    with answering("dynamodb", "UpdateItem", *[CONFLICT] * 99) as calls, pytest.raises(Conflicted):
        store.write(add(A))

    assert (len(calls.calls), len(pauses)) == (8, 7)
    assert store.get(T, A) is None


def test_a_transaction_keeps_its_token_over_its_own_retries(pauses: list[float]) -> None:
    conflicts = [cancelled("TransactionConflict", "None"), cancelled("None", "TransactionConflict")]

    with answering("dynamodb", "TransactWriteItems", *conflicts) as calls:
        store.transact([add(A), add(B)])

    tokens = [json.loads(call["body"])["ClientRequestToken"] for call in calls.calls]
    assert (len(tokens), len(set(tokens))) == (3, 1)
    assert len(pauses) == 2


def test_two_transactions_have_two_tokens_unless_told() -> None:
    with answering("dynamodb", "TransactWriteItems") as calls:
        store.transact([add(A)])
        store.transact([add(A)])
        store.transact([add(A)], token="mine")

    tokens = [json.loads(call["body"])["ClientRequestToken"] for call in calls.calls]
    assert (len(set(tokens)), tokens[2]) == (3, "mine")


def test_a_transaction_whose_reply_was_lost_is_repeated_by_the_sdk_with_the_same_token() -> None:
    # The emulation forgets tokens and so refuses the repetition; DynamoDB answers that it is done.
    with answering("dynamodb", "TransactWriteItems") as calls, losing_a_reply("dynamodb", "TransactWriteItems") as sent:
        store.transact([add(A)])

    assert (sent, len(calls.calls)) == ([1, 2], 1)
    assert "ClientRequestToken" in json.loads(calls.calls[0]["body"])


FINAL: dict[str, Answer] = {
    "throttled": cancelled("ThrottlingError", "None"),
    "throughput exceeded": cancelled("None", "ProvisionedThroughputExceeded"),
    "invalid": cancelled("ValidationError", "None"),
    "invalid beside a conflict": cancelled("ValidationError", "TransactionConflict"),
    "throttled beside a conflict": cancelled("TransactionConflict", "ThrottlingError"),
    "too large": cancelled("ItemCollectionSizeLimitExceeded", "None"),
    "without reasons": cancelled(),
    "denied": refused("AccessDeniedException"),
    "the whole call throttled": refused("ThrottlingException"),
}


@pytest.mark.parametrize("name", FINAL)
def test_nothing_but_a_conflict_is_tried_again(pauses: list[float], name: str) -> None:
    with answering("dynamodb", "TransactWriteItems", FINAL[name]) as calls, pytest.raises(ClientError) as error:
        store.transact([add(A), add(B)])

    assert (len(calls.calls), pauses) == (1, [])
    assert error.value.response["Error"]["Code"] == FINAL[name]["Error"]["Code"]


@pytest.mark.parametrize("other", ["TransactionConflict", "ThrottlingError", "None"])
def test_a_failed_condition_is_final_whatever_else_hindered(pauses: list[float], other: str) -> None:
    answer = cancelled("ConditionalCheckFailed", other, items={0: marshal(A | {"n": 3})})

    with answering("dynamodb", "TransactWriteItems", answer) as calls, pytest.raises(ConditionFailed) as failure:
        store.transact([add(A), add(B)])

    assert (len(calls.calls), pauses) == (1, [])
    assert (failure.value.failed, failure.value.old) == ((0,), (A | {"n": 3}, None))


def test_a_single_write_that_is_throttled_propagates(pauses: list[float]) -> None:
    throttled = refused("ProvisionedThroughputExceededException")

    with answering("dynamodb", "UpdateItem", throttled) as calls, pytest.raises(ClientError, match="Provisioned"):
        store.write(add(A))

    assert (len(calls.calls), pauses) == (1, [])


def test_250_keys_are_read_in_three_calls_and_keep_their_order() -> None:
    keys = [{"pk": f"{n:03}", "sk": "x"} for n in range(250)]
    for key in keys[::2]:
        put(**key)

    with answering("dynamodb", "BatchGetItem") as calls:
        found = store.batch_get(T, list(reversed(keys)))

    assert found == list(reversed(keys[::2]))
    asked = [json.loads(call["body"])["RequestItems"]["test-bookings"] for call in calls.calls]
    assert [len(one["Keys"]) for one in asked] == [100, 100, 50]
    assert all(one["ConsistentRead"] for one in asked)


def test_no_keys_are_no_call() -> None:
    with answering("dynamodb", "BatchGetItem") as calls:
        assert store.batch_get(T, []) == []

    assert calls.calls == []


def _unread(*keys: dict[str, str]) -> Answer:
    unread = {"test-bookings": {"Keys": [marshal(key) for key in keys]}}
    return {"Responses": {"test-bookings": []}, "UnprocessedKeys": unread, "ResponseMetadata": {}}


def test_unread_keys_are_asked_for_again_after_a_pause(pauses: list[float]) -> None:
    put(**A)
    put(**B)
    first = _unread(B) | {"Responses": {"test-bookings": [marshal(A)]}}

    with answering("dynamodb", "BatchGetItem", first, _unread(B)) as calls:
        assert store.batch_get(T, [B, A]) == [B, A]

    again = [json.loads(call["body"])["RequestItems"]["test-bookings"]["Keys"] for call in calls.calls[1:]]
    assert again == [[marshal(B)]] * 2
    assert len(pauses) == 2


def test_keys_that_stay_unread_end_the_wait(pauses: list[float]) -> None:
    with answering("dynamodb", "BatchGetItem", *[_unread(A)] * 99) as calls, pytest.raises(NotNow):
        store.batch_get(T, [A])

    assert len(calls.calls) == 8


def test_a_query_reads_pages_both_ways() -> None:
    for n in range(5):
        put(pk="a", sk=str(n))

    first, at = store.query(T, "#pk = :pk", {"pk": "a"}, limit=3)
    rest, end = store.query(T, "#pk = :pk", {"pk": "a"}, limit=3, start=at)
    newest, _ = store.query(T, "#pk = :pk AND #sk < :sk", {"pk": "a", "sk": "4"}, limit=1, forward=False)

    assert [item["sk"] for item in first + rest] == ["0", "1", "2", "3", "4"]
    assert (at, end, newest) == ({"pk": "a", "sk": "2"}, None, [{"pk": "a", "sk": "3"}])


def test_a_query_is_consistent_on_the_table_and_cannot_be_on_an_index() -> None:
    with answering("dynamodb", "Query") as calls:
        store.query(T, "#pk = :pk", {"pk": "a"})
        store.query(T, "#user_id = :user_id", {"user_id": "a"}, index="by_user")

    assert [json.loads(call["body"]).get("ConsistentRead") for call in calls.calls] == [True, None]


def test_a_table_that_was_not_granted_has_no_name() -> None:
    with pytest.raises(env.NotGranted):
        store.get("payments", A)


def test_a_put_whose_reply_was_lost_finds_its_own_item() -> None:
    item = A | {"operation": "r1"}

    with losing_a_reply("dynamodb", "PutItem") as sent, pytest.raises(ConditionFailed) as failure:
        store.write(Put(T, item, condition="attribute_not_exists(#pk)"))

    assert (sent, failure.value.old) == ([1, 2], (item,))


def test_a_stalled_connection_is_given_up_after_seconds_and_tried_again() -> None:
    config = env.client("dynamodb").meta.config

    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (1, 5, 4)


def test_a_function_that_is_asked_may_start_cold_and_is_not_asked_twice() -> None:
    config = env.client("lambda").meta.config

    assert (config.read_timeout, config.retries["total_max_attempts"]) == (20, 1)
