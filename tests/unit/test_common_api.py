"""The HTTP edge: what a handler may answer, and how every refusal looks."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from common.api import (
    Binary,
    Caller,
    Created,
    Endpoint,
    IdempotencyKey,
    NoContent,
    Ok,
    RawRequest,
    SeeOther,
    View,
    endpoint,
)
from common.patience import NotNow
from common.problems import (
    Busy,
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    Invalid,
    Malformed,
    NotFound,
    Precondition,
    TooMany,
    Unauthenticated,
    Unsupported,
)
from common.reply import Answer
from tests.support.lines import logged
from tests.support.refusals import cancelled, refused
from tests.support.system import Reply, environment

PERSON = {"user_id": "u1", "session_id": "s1", "roles": "organiser"}


class Seen(View):
    name: str = "x"
    at: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class SoldOut(Conflict):
    """Fewer places are free than were asked for."""


def request(authorizer: dict[str, str] | None = None, **event: Any) -> dict[str, Any]:
    context: dict[str, Any] = {"requestId": "request-1"}
    context |= {"authorizer": {"lambda": authorizer}} if authorizer else {}
    return {"requestContext": context, "headers": {}} | event


def call(handler: Endpoint, authorizer: dict[str, str] | None = None, **event: Any) -> Reply:
    return Reply(handler(request(authorizer, **event)))


def answering(reply: Callable[[], Answer]) -> Endpoint:
    def handler() -> Seen:
        """Answer."""
        return reply()  # type: ignore[return-value] # whatever the test wants answered

    return endpoint()(handler)


def refusing(error: Exception) -> Endpoint:
    def reply() -> Answer:
        raise error

    return answering(reply)


def test_a_view_is_200_and_json() -> None:
    answer = call(answering(Seen))

    assert (answer.status, answer.json) == (200, {"name": "x", "at": "2026-01-02T03:04:05Z"})
    assert answer.headers == {"content-type": "application/json", "x-request-id": "request-1"}


def test_ok_adds_headers_to_200() -> None:
    answer = call(answering(lambda: Ok(Seen(), {"etag": '"3"'})))

    assert (answer.status, answer.headers["etag"], answer.json["name"]) == (200, '"3"', "x")


def test_created_is_201_with_its_location() -> None:
    answer = call(answering(lambda: Created(Seen(), "/v1/things/1")))

    assert (answer.status, answer.headers["location"], answer.json["name"]) == (201, "/v1/things/1", "x")
    assert "idempotency-replayed" not in answer.headers


def test_a_replayed_creation_says_so() -> None:
    answer = call(answering(lambda: Created(Seen(), "/v1/things/1", replayed=True)))

    assert (answer.status, answer.headers["idempotency-replayed"]) == (201, "true")


def test_no_content_is_204_without_body_or_type() -> None:
    answer = answering(NoContent)(request())

    assert answer == {"statusCode": 204, "headers": {"x-request-id": "request-1"}}


def test_see_other_is_303_with_its_location() -> None:
    answer = answering(lambda: SeeOther("https://pay.test/1"))(request())

    assert (answer["statusCode"], answer["headers"]["location"]) == (303, "https://pay.test/1")
    assert "body" not in answer


def test_binary_is_base64_for_the_gateway() -> None:
    answer = answering(lambda: Binary(b"\x89PNG\x00", "image/png", {"cache-control": "private"}))(request())

    assert answer["isBase64Encoded"] is True
    assert base64.b64decode(answer["body"]) == b"\x89PNG\x00"
    assert answer["headers"] | {"content-type": "image/png", "cache-control": "private"} == answer["headers"]


STATUSES = {
    Malformed: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    Precondition: 412,
    Unsupported: 415,
    Invalid: 422,
    TooMany: 429,
}


@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
def test_each_refusal_is_a_problem_with_its_status(kind: type[DomainError], status: int) -> None:
    answer = call(refusing(kind()))

    assert (answer.status, answer.json["status"], answer.problem) == (status, status, kind.slug())
    assert answer.json["request_id"] == answer.headers["x-request-id"] == "request-1"
    assert answer.headers["cache-control"] == "no-store"


def test_a_problem_carries_detail_pointer_wait_and_members() -> None:
    answer = call(refusing(SoldOut("Two are left.", pointer="/items/0/qty", retry_after=7, available=2)))

    assert answer.json == {
        "type": "/problems/sold-out",
        "title": "Fewer places are free than were asked for.",
        "status": 409,
        "detail": "Two are left.",
        "errors": [{"pointer": "/items/0/qty", "detail": "Two are left."}],
        "available": 2,
        "request_id": "request-1",
    }
    assert answer.headers["retry-after"] == "7"


def test_a_member_cannot_replace_what_every_problem_has() -> None:
    answer = call(refusing(SoldOut(status="CONFIRMED", type="about:blank", title="x", request_id="forged")))

    assert (answer.status, answer.json["status"], answer.problem) == (409, 409, "sold-out")
    assert answer.json["request_id"] == "request-1"


def test_a_member_that_json_does_not_know_is_told_as_text() -> None:
    answer = call(refusing(SoldOut(since=datetime(2026, 1, 1, tzinfo=UTC))))

    assert (answer.status, answer.json["since"]) == (409, "2026-01-01 00:00:00+00:00")


def test_a_refusal_is_logged_once_as_information() -> None:
    with logged() as lines:
        call(refusing(SoldOut()))

    (line,) = lines.records
    told = vars(line)
    assert (line.levelname, told["status"], told["refused"]) == ("INFO", 409, "sold-out")


def test_an_unknown_exception_is_500_without_detail_and_logged_once_with_its_stack() -> None:
    with logged() as lines:
        answer = call(refusing(ZeroDivisionError("secret detail")))

    assert (answer.status, answer.problem) == (500, "unexpected")
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert [one.exc_info is not None for one in lines.said("unexpected")] == [True]
    assert [(one.levelname, vars(one)["status"]) for one in lines.said("handled")] == [("ERROR", 500)]


def test_a_view_that_cannot_be_written_is_500_too() -> None:
    with logged() as lines:
        answer = call(answering(lambda: Seen(name="\ud800")))

    assert (answer.status, answer.problem) == (500, "unexpected")
    assert len(lines.said("unexpected")) == 1


BUSY = {
    "throttled": refused("ProvisionedThroughputExceededException"),
    "throttled transaction": cancelled("ThrottlingError", "None"),
    "conflict that lasts": cancelled("TransactionConflict", "None"),
    "conflict and throttle": cancelled("TransactionConflict", "ProvisionedThroughputExceeded"),
}


@pytest.mark.parametrize("name", BUSY)
def test_a_busy_table_is_503_with_a_time_to_wait(name: str) -> None:
    with logged() as lines:
        answer = call(refusing(ClientError(BUSY[name], "TransactWriteItems")))

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "busy", "1")
    assert lines.said("unexpected") == []


@pytest.mark.parametrize(
    "lost", [ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError]
)
def test_aws_that_does_not_answer_is_503_too(lost: Callable[..., Exception]) -> None:
    assert call(refusing(lost(endpoint_url="https://aws.test", error="gone"))).problem == Busy.slug()


def test_unread_keys_are_503() -> None:
    assert call(refusing(NotNow("3 keys unread"))).problem == Busy.slug()


NOT_BUSY = {
    "denied": refused("AccessDeniedException"),
    "invalid": refused("ValidationException"),
    "invalid in a transaction": cancelled("ValidationError", "TransactionConflict"),
    "cancelled without a reason": refused("TransactionCanceledException"),
}


@pytest.mark.parametrize("name", NOT_BUSY)
def test_any_other_answer_of_aws_is_500(name: str) -> None:
    assert call(refusing(ClientError(NOT_BUSY[name], "TransactWriteItems"))).status == 500


@endpoint()
def who(caller: Caller) -> Seen:
    """Say who calls."""
    return Seen(name=f"{caller.user_id} {caller.session_id} {' '.join(sorted(caller.roles))}")


def test_the_caller_is_whom_the_authorizer_names() -> None:
    assert call(who, PERSON | {"roles": "organiser  admin"}).json["name"] == "u1 s1 admin organiser"


def test_a_caller_may_have_no_role() -> None:
    assert call(who, PERSON | {"roles": ""}).json["name"] == "u1 s1 "


NOBODY: dict[str, dict[str, Any]] = {
    "no authorizer": {"requestId": "r"},
    "empty authorizer": {"requestId": "r", "authorizer": {}},
    "authorizer null": {"requestId": "r", "authorizer": None},
    "nothing from the function": {"requestId": "r", "authorizer": {"lambda": None}},
    "another kind of authorizer": {"requestId": "r", "authorizer": {"jwt": {"claims": {"sub": "u1"}}}},
}


@pytest.mark.parametrize("name", NOBODY)
def test_without_the_authorizer_nobody_is_known(name: str) -> None:
    answer = Reply(who({"requestContext": NOBODY[name], "headers": {}}))

    assert (answer.status, answer.problem) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("demanded", "roles", "status"),
    [
        ("anyone", None, 200),
        ("provider", None, 200),
        ("user", None, 401),
        ("user", "", 200),
        ("organiser", None, 401),
        ("organiser", "", 403),
        ("organiser", "organisers", 403),
        ("organiser", "organiser", 200),
        ("organiser", "admin", 200),
        ("admin", "organiser", 403),
        ("admin", "organiser admin", 200),
    ],
)
def test_a_route_demands_its_role_before_anything_else(demanded: str, roles: str | None, status: int) -> None:
    authorizer = None if roles is None else PERSON | {"roles": roles}

    with environment({"WHO": demanded}):
        answer = call(answering(Seen), authorizer, queryStringParameters=None if status == 200 else {"unknown": "1"})

    assert answer.status == status


def test_a_missing_role_is_named() -> None:
    with environment({"WHO": "admin"}):
        answer = call(answering(Seen), PERSON)

    assert (answer.problem, answer.json["role"]) == ("role-missing", "admin")


@endpoint()
def keyed(idempotency_key: IdempotencyKey) -> Seen:
    """Say the key."""
    return Seen(name=repr(idempotency_key))


def test_the_idempotency_key_is_optional() -> None:
    assert call(keyed).json["name"] == "None"


@pytest.mark.parametrize("header", ["idempotency-key", "Idempotency-Key", "IDEMPOTENCY-KEY"])
def test_header_names_have_no_case(header: str) -> None:
    assert call(keyed, headers={header: "k1"}).json["name"] == "'k1'"


@pytest.mark.parametrize("key", ["a", "k" * 255, "with space", "~!@#"])
def test_a_printable_key_of_up_to_255_characters_is_taken(key: str) -> None:
    assert call(keyed, headers={"idempotency-key": key}).json["name"] == repr(key)


@pytest.mark.parametrize("key", ["", "k" * 256, "kö", "😀", "a\r\nb", "a\x00b", "\ud800", "a\tb"])
def test_any_other_key_is_refused(key: str) -> None:
    answer = call(keyed, headers={"idempotency-key": key})

    assert (answer.status, answer.problem) == (400, "bad-key")


@endpoint()
def raw(request: RawRequest) -> Seen:
    """Say what came."""
    return Seen(name=f"{request.body!r} {request.headers.get('stripe-signature')}")


def test_a_raw_request_has_the_bytes_as_they_came() -> None:
    body = base64.b64encode(b'{ "a" :1}\xff').decode()

    answer = call(raw, headers={"Stripe-Signature": "t=1"}, body=body, isBase64Encoded=True)

    assert answer.json["name"] == r"""b'{ "a" :1}\xff' t=1"""


def test_a_raw_request_without_body_or_headers_is_empty() -> None:
    assert call(raw, headers=None).json["name"] == "b'' None"


def test_every_call_leaves_one_line_with_its_route_status_and_time() -> None:
    with logged() as lines, environment({"ROUTE": "GET /v1/things"}):
        call(answering(Seen))

    (line,) = lines.records
    told = vars(line)
    assert (told["route"], told["status"], told["correlation_id"]) == ("GET /v1/things", 200, "request-1")
    assert told["milliseconds"] >= 0


def test_problem_documents_are_plain_json() -> None:
    assert json.loads(call(refusing(SoldOut("ü 😀 \ud800"))).text)["detail"] == "ü 😀 \ud800"


def test_a_view_that_does_not_fit_is_not_repeated_in_any_log() -> None:
    person = f"anna{chr(64)}example.org"  # a stack shows its lines of code

    with logged() as lines:
        answer = call(answering(lambda: Seen.model_validate({"name": [person], "at": person})))

    assert (answer.status, "ValidationError" in lines.text()) == (500, True)
    assert person not in lines.text()
