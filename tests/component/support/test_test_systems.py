"""The test systems themselves: on the emulated SDK and in memory a function may the same, in every test."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import env, store
from tests.support.system.dynamodb_expressions import InvalidRequest
from tests.support.system.in_memory_system import InMemorySystem
from tests.support.system.moto_system import MotoSystem
from tests.support.system.system import AccessDenied, Person, System, row

INDEX = {"Bucket": "test-search", "Key": "events.sqlite3"}


@pytest.fixture(params=[MotoSystem, InMemorySystem])
def any_system(request: pytest.FixtureRequest) -> Iterator[System]:
    with request.param().running() as running:
        yield running


@pytest.mark.parametrize("turn", ["first", "second"])
def test_ungranted_call_is_denied(turn: str, any_system: System) -> None:
    with any_system.as_function(row("booking.get_booking")), pytest.raises(AccessDenied):
        store.write(store.Put("bookings", {"pk": turn, "sk": "x"}))


def test_ungranted_table_is_unknown(any_system: System) -> None:
    with any_system.as_function(row("booking.get_booking")), pytest.raises(KeyError):
        store.get("payments", {"pk": "a", "sk": "b"})


def test_index_needs_its_own_grant(any_system: System) -> None:
    with any_system.as_function(row("booking.list_bookings")), pytest.raises(AccessDenied):
        store.query("bookings", "#pk = :pk", {"pk": "a"})


def test_each_transaction_write_needs_a_grant(any_system: System) -> None:
    granted = store.Put("payments", {"pk": "a", "sk": "b"})
    removed = store.Delete("payments", {"pk": "c", "sk": "d"})

    with any_system.as_function(row("payment.on_booking_ordered")):
        store.transact([granted])
        with pytest.raises(AccessDenied):
            store.transact([granted, removed])


def test_empty_key_is_rejected(any_system: System) -> None:
    with any_system.as_function(row("ticket.get_ticket")), pytest.raises((InvalidRequest, ClientError)):
        store.get("tickets", {"pk": "", "sk": "ticket"})
    with any_system.as_function(row("payment.on_booking_ordered")), pytest.raises((InvalidRequest, ClientError)):
        store.write(store.Put("payments", {"pk": "a", "sk": ""}))


def test_batch_get_needs_its_own_grant(any_system: System) -> None:
    with any_system.as_function(row("booking.get_booking")), pytest.raises(AccessDenied):
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
def test_ungranted_service_call_is_denied(any_system: System, service: str, call: str, asked: dict[str, Any]) -> None:
    with any_system.as_function(row("booking.get_booking")), pytest.raises(AccessDenied):
        getattr(env.client(service), call)(**asked)


def test_only_granted_secrets_are_readable(any_system: System) -> None:
    with any_system.as_function(row("payment.start_payment")):
        assert json.loads(env.secret("provider"))["webhook_secret"]
        with pytest.raises(KeyError):
            env.secret("ticket-keys")


def _call_s3(call: str, **arguments: Any) -> Any:
    try:
        response = getattr(env.client("s3"), call)(**INDEX, **arguments)
    except ClientError as refused:
        return refused.response["Error"]["Code"]
    return response["Body"].read() if "Body" in response else "kept"


def test_object_is_replaced_on_matching_etag_only(any_system: System) -> None:
    with any_system.as_function(row("events.build_index")):
        missing = [_call_s3("get_object"), _call_s3("put_object", Body=b"0", IfMatch='"0"')]
        first = [_call_s3("put_object", Body=body, IfNoneMatch="*") for body in (b"1", b"2")]
        etag = env.client("s3").get_object(**INDEX)["ETag"]
        unchanged = _call_s3("get_object", IfNoneMatch=etag)
        then = [_call_s3("put_object", Body=body, IfMatch=etag) for body in (b"3", b"4")]

        assert missing == ["NoSuchKey", "NoSuchKey"]
        assert first == ["kept", "PreconditionFailed"]
        assert unchanged == "304"
        assert then == ["kept", "PreconditionFailed"]
        assert _call_s3("get_object", IfNoneMatch=etag) == b"3"


def test_route_enforces_its_access_level(any_system: System) -> None:
    assert any_system.http("POST /v1/events", {}, by=Person()).problem == "role-missing"
