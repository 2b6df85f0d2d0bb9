"""The test systems themselves: on the emulated SDK and in memory a function may the same, in every test."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import env, store
from tests.support.expressions import Invalid
from tests.support.memory import Memory
from tests.support.moto import Moto
from tests.support.system import NotAllowed, Person, System, row

INDEX = {"Bucket": "test-search", "Key": "events.sqlite3"}


@pytest.fixture(params=[Moto, Memory])
def either(request: pytest.FixtureRequest) -> Iterator[System]:
    with request.param().running() as running:
        yield running


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_call_that_the_row_does_not_grant_fails(turn: str, either: System) -> None:
    with either.acting(row("booking.get_booking")), pytest.raises(NotAllowed):
        store.write(store.Put("bookings", {"pk": turn, "sk": "x"}))


def test_a_table_that_the_row_does_not_name_is_not_known(either: System) -> None:
    with either.acting(row("booking.get_booking")), pytest.raises(KeyError):
        store.get("payments", {"pk": "a", "sk": "b"})


def test_an_index_is_granted_by_itself(either: System) -> None:
    with either.acting(row("booking.list_bookings")), pytest.raises(NotAllowed):
        store.query("bookings", "#pk = :pk", {"pk": "a"})


def test_each_member_of_a_transaction_has_to_be_granted(either: System) -> None:
    granted = store.Put("payments", {"pk": "a", "sk": "b"})
    removed = store.Delete("payments", {"pk": "c", "sk": "d"})

    with either.acting(row("payment.on_booking_ordered")):
        store.transact([granted])
        with pytest.raises(NotAllowed):
            store.transact([granted, removed])


def test_nothing_is_kept_under_or_asked_for_by_an_empty_key(either: System) -> None:
    with either.acting(row("ticket.get_ticket")), pytest.raises((Invalid, ClientError)):
        store.get("tickets", {"pk": "", "sk": "ticket"})
    with either.acting(row("payment.on_booking_ordered")), pytest.raises((Invalid, ClientError)):
        store.write(store.Put("payments", {"pk": "a", "sk": ""}))


def test_a_batch_is_granted_by_itself(either: System) -> None:
    with either.acting(row("booking.get_booking")), pytest.raises(NotAllowed):
        store.batch_get("bookings", [{"pk": "a", "sk": "b"}])


@pytest.mark.parametrize(
    ("service", "call", "asked"),
    [
        ("events", "put_events", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]}),
        ("sqs", "send_message", {"QueueUrl": "payment.close_payment", "MessageBody": "{}"}),
        ("sqs", "get_queue_attributes", {"QueueUrl": "dead", "AttributeNames": ["ApproximateNumberOfMessages"]}),
        ("lambda", "invoke", {"FunctionName": "ticket.render_tickets", "Payload": b"{}"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "ticketing/test/provider"}),
        ("kms", "sign", {"KeyId": "key", "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}),
        ("kms", "get_public_key", {"KeyId": "key"}),
        ("sesv2", "send_email", {"Content": {"Raw": {"Data": b"m"}}}),
        ("s3", "get_object", INDEX),
        ("s3", "put_object", INDEX | {"Body": b"b"}),
    ],
)
def test_what_a_function_is_not_granted_it_cannot_ask_of_any_service(
    either: System, service: str, call: str, asked: dict[str, Any]
) -> None:
    with either.acting(row("booking.get_booking")), pytest.raises(NotAllowed):
        getattr(env.client(service), call)(**asked)


def test_secrets_are_those_that_the_row_names(either: System) -> None:
    with either.acting(row("payment.start_payment")):
        assert json.loads(env.secret("provider"))["webhook_secret"]
        with pytest.raises(KeyError):
            env.secret("ticket-keys")


def _asked_of_s3(call: str, **asked: Any) -> Any:
    try:
        answer = getattr(env.client("s3"), call)(**INDEX, **asked)
    except ClientError as refused:
        return refused.response["Error"]["Code"]
    return answer["Body"].read() if "Body" in answer else "kept"


def test_an_object_is_replaced_on_condition_only(either: System) -> None:
    with either.acting(row("events.build_index")):
        missing = [_asked_of_s3("get_object"), _asked_of_s3("put_object", Body=b"0", IfMatch='"0"')]
        first = [_asked_of_s3("put_object", Body=body, IfNoneMatch="*") for body in (b"1", b"2")]
        etag = env.client("s3").get_object(**INDEX)["ETag"]
        unchanged = _asked_of_s3("get_object", IfNoneMatch=etag)
        then = [_asked_of_s3("put_object", Body=body, IfMatch=etag) for body in (b"3", b"4")]

        assert missing == ["NoSuchKey", "NoSuchKey"]
        assert first == ["kept", "PreconditionFailed"]
        assert unchanged == "304"
        assert then == ["kept", "PreconditionFailed"]
        assert _asked_of_s3("get_object", IfNoneMatch=etag) == b"3"


def test_a_route_knows_who_may_call_it(either: System) -> None:
    assert either.http("POST /v1/events", {}, by=Person()).problem == "role-missing"
