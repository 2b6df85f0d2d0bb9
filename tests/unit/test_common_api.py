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
    BinaryResponse,
    Caller,
    Created,
    Endpoint,
    IdempotencyKey,
    NoContent,
    Ok,
    RawRequest,
    ResponseModel,
    SeeOther,
    endpoint,
)
from common.problems import (
    BadRequest,
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    NotFound,
    PreconditionFailed,
    ServiceUnavailable,
    TooManyRequests,
    Unauthenticated,
    Unprocessable,
    UnsupportedMediaType,
)
from common.responses import HandlerResult
from common.retries import Contention
from tests.support.faults.aws_errors import cancelled_transaction, error_response
from tests.support.system.log_capture import capture_logs
from tests.support.system.system import HttpResponse, environment

AUTHORIZER_CONTEXT = {"user_id": "u1", "session_id": "s1", "roles": "organiser"}


class ThingView(ResponseModel):
    name: str = "x"
    at: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class SoldOut(Conflict):
    """Fewer places are free than were asked for."""


def request(authorizer: dict[str, str] | None = None, **event: Any) -> dict[str, Any]:
    context: dict[str, Any] = {"requestId": "request-1"}
    context |= {"authorizer": {"lambda": authorizer}} if authorizer else {}
    return {"requestContext": context, "headers": {}} | event


def call(handler: Endpoint, authorizer: dict[str, str] | None = None, **event: Any) -> HttpResponse:
    return HttpResponse(handler(request(authorizer, **event)))


def returning(reply: Callable[[], HandlerResult]) -> Endpoint:
    def handler() -> ThingView:
        """Answer."""
        return reply()  # type: ignore[return-value] # whatever the test wants answered

    return endpoint()(handler)


def raising(error: Exception) -> Endpoint:
    def reply() -> HandlerResult:
        raise error

    return returning(reply)


def test_model_response_is_200_json() -> None:
    response = call(returning(ThingView))

    assert (response.status, response.json) == (200, {"name": "x", "at": "2026-01-02T03:04:05Z"})
    assert response.headers == {"content-type": "application/json", "x-request-id": "request-1"}


def test_ok_adds_headers_to_200() -> None:
    response = call(returning(lambda: Ok(ThingView(), {"etag": '"3"'})))

    assert (response.status, response.headers["etag"], response.json["name"]) == (200, '"3"', "x")


def test_created_is_201_with_its_location() -> None:
    response = call(returning(lambda: Created(ThingView(), "/v1/things/1")))

    assert (response.status, response.headers["location"], response.json["name"]) == (201, "/v1/things/1", "x")
    assert "idempotency-replayed" not in response.headers


def test_replayed_creation_has_its_header() -> None:
    response = call(returning(lambda: Created(ThingView(), "/v1/things/1", replayed=True)))

    assert (response.status, response.headers["idempotency-replayed"]) == (201, "true")


def test_no_content_is_204_without_body_or_type() -> None:
    response = returning(NoContent)(request())

    assert response == {"statusCode": 204, "headers": {"x-request-id": "request-1"}}


def test_see_other_is_303_with_its_location() -> None:
    response = returning(lambda: SeeOther("https://pay.test/1"))(request())

    assert (response["statusCode"], response["headers"]["location"]) == (303, "https://pay.test/1")
    assert "body" not in response


def test_binary_is_base64_for_the_gateway() -> None:
    response = returning(lambda: BinaryResponse(b"\x89PNG\x00", "image/png", {"cache-control": "private"}))(request())

    assert response["isBase64Encoded"] is True
    assert base64.b64decode(response["body"]) == b"\x89PNG\x00"
    assert response["headers"] | {"content-type": "image/png", "cache-control": "private"} == response["headers"]


STATUSES = {
    BadRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    PreconditionFailed: 412,
    UnsupportedMediaType: 415,
    Unprocessable: 422,
    TooManyRequests: 429,
}


@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
def test_each_problem_has_its_status(kind: type[DomainError], status: int) -> None:
    response = call(raising(kind()))

    assert (response.status, response.json["status"], response.problem) == (status, status, kind.slug())
    assert response.json["request_id"] == response.headers["x-request-id"] == "request-1"
    assert response.headers["cache-control"] == "no-store"


def test_problem_has_detail_pointer_retry_after_and_members() -> None:
    response = call(raising(SoldOut("Two are left.", pointer="/items/0/qty", retry_after=7, available=2)))

    assert response.json == {
        "type": "/problems/sold-out",
        "title": "Fewer places are free than were asked for.",
        "status": 409,
        "detail": "Two are left.",
        "errors": [{"pointer": "/items/0/qty", "detail": "Two are left."}],
        "available": 2,
        "request_id": "request-1",
    }
    assert response.headers["retry-after"] == "7"


def test_member_cannot_replace_standard_problem_members() -> None:
    response = call(raising(SoldOut(status="CONFIRMED", type="about:blank", title="x", request_id="forged")))

    assert (response.status, response.json["status"], response.problem) == (409, 409, "sold-out")
    assert response.json["request_id"] == "request-1"


def test_member_unknown_to_json_becomes_text() -> None:
    response = call(raising(SoldOut(since=datetime(2026, 1, 1, tzinfo=UTC))))

    assert (response.status, response.json["since"]) == (409, "2026-01-01 00:00:00+00:00")


def test_problem_is_logged_once_as_info() -> None:
    with capture_logs() as lines:
        call(raising(SoldOut()))

    (line,) = lines.records
    log_fields = vars(line)
    assert (line.levelname, log_fields["status"], log_fields["problem"]) == ("INFO", 409, "sold-out")


def test_unexpected_error_is_500_and_logged_with_stack() -> None:
    with capture_logs() as lines:
        response = call(raising(ZeroDivisionError("secret detail")))

    assert (response.status, response.problem) == (500, "internal-error")
    assert "secret" not in response.text
    assert "ZeroDivision" not in response.text
    assert [one.exc_info is not None for one in lines.with_message("unexpected")] == [True]
    assert [(one.levelname, vars(one)["status"]) for one in lines.with_message("handled")] == [("ERROR", 500)]


def test_unserialisable_response_is_500() -> None:
    with capture_logs() as lines:
        response = call(returning(lambda: ThingView(name="\ud800")))

    assert (response.status, response.problem) == (500, "internal-error")
    assert len(lines.with_message("unexpected")) == 1


RETRYABLE = {
    "throttled": error_response("ProvisionedThroughputExceededException"),
    "throttled transaction": cancelled_transaction("ThrottlingError", "None"),
    "conflict that lasts": cancelled_transaction("TransactionConflict", "None"),
    "conflict and throttle": cancelled_transaction("TransactionConflict", "ProvisionedThroughputExceeded"),
}


@pytest.mark.parametrize("name", RETRYABLE)
def test_contention_is_503_with_retry_after(name: str) -> None:
    with capture_logs() as lines:
        response = call(raising(ClientError(RETRYABLE[name], "TransactWriteItems")))

    assert (response.status, response.problem, response.headers["retry-after"]) == (503, "service-unavailable", "1")
    assert lines.with_message("unexpected") == []


@pytest.mark.parametrize(
    "lost", [ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError]
)
def test_unreachable_aws_is_503(lost: Callable[..., Exception]) -> None:
    assert call(raising(lost(endpoint_url="https://aws.test", error="gone"))).problem == ServiceUnavailable.slug()


def test_unprocessed_keys_are_503() -> None:
    assert call(raising(Contention("3 keys unread"))).problem == ServiceUnavailable.slug()


NOT_RETRYABLE = {
    "denied": error_response("AccessDeniedException"),
    "invalid": error_response("ValidationException"),
    "invalid in a transaction": cancelled_transaction("ValidationError", "TransactionConflict"),
    "cancelled without a reason": error_response("TransactionCanceledException"),
}


@pytest.mark.parametrize("name", NOT_RETRYABLE)
def test_other_aws_errors_are_500(name: str) -> None:
    assert call(raising(ClientError(NOT_RETRYABLE[name], "TransactWriteItems"))).status == 500


@endpoint()
def get_caller(caller: Caller) -> ThingView:
    """Say who calls."""
    return ThingView(name=f"{caller.user_id} {caller.session_id} {' '.join(sorted(caller.roles))}")


def test_caller_comes_from_the_authorizer_context() -> None:
    assert call(get_caller, AUTHORIZER_CONTEXT | {"roles": "organiser  admin"}).json["name"] == "u1 s1 admin organiser"


def test_caller_without_roles_is_accepted() -> None:
    assert call(get_caller, AUTHORIZER_CONTEXT | {"roles": ""}).json["name"] == "u1 s1 "


UNAUTHENTICATED: dict[str, dict[str, Any]] = {
    "no authorizer": {"requestId": "r"},
    "empty authorizer": {"requestId": "r", "authorizer": {}},
    "authorizer null": {"requestId": "r", "authorizer": None},
    "nothing from the function": {"requestId": "r", "authorizer": {"lambda": None}},
    "another kind of authorizer": {"requestId": "r", "authorizer": {"jwt": {"claims": {"sub": "u1"}}}},
}


@pytest.mark.parametrize("name", UNAUTHENTICATED)
def test_missing_authorizer_context_is_401(name: str) -> None:
    response = HttpResponse(get_caller({"requestContext": UNAUTHENTICATED[name], "headers": {}}))

    assert (response.status, response.problem) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("demanded", "roles", "status"),
    [
        ("public", None, 200),
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
def test_route_checks_the_role_before_the_request(demanded: str, roles: str | None, status: int) -> None:
    authorizer = None if roles is None else AUTHORIZER_CONTEXT | {"roles": roles}

    with environment({"ACCESS": demanded}):
        response = call(
            returning(ThingView), authorizer, queryStringParameters=None if status == 200 else {"unknown": "1"}
        )

    assert response.status == status


def test_problem_names_the_missing_role() -> None:
    with environment({"ACCESS": "admin"}):
        response = call(returning(ThingView), AUTHORIZER_CONTEXT)

    assert (response.problem, response.json["role"]) == ("role-missing", "admin")


@endpoint()
def get_key(idempotency_key: IdempotencyKey) -> ThingView:
    """Say the key."""
    return ThingView(name=repr(idempotency_key))


def test_idempotency_key_is_optional() -> None:
    assert call(get_key).json["name"] == "None"


@pytest.mark.parametrize("header", ["idempotency-key", "Idempotency-Key", "IDEMPOTENCY-KEY"])
def test_header_names_are_case_insensitive(header: str) -> None:
    assert call(get_key, headers={header: "k1"}).json["name"] == "'k1'"


@pytest.mark.parametrize("key", ["a", "k" * 255, "with space", "~!@#"])
def test_printable_key_up_to_255_characters_is_accepted(key: str) -> None:
    assert call(get_key, headers={"idempotency-key": key}).json["name"] == repr(key)


@pytest.mark.parametrize("key", ["", "k" * 256, "kö", "😀", "a\r\nb", "a\x00b", "\ud800", "a\tb"])
def test_invalid_idempotency_key_is_400(key: str) -> None:
    response = call(get_key, headers={"idempotency-key": key})

    assert (response.status, response.problem) == (400, "invalid-idempotency-key")


@endpoint()
def get_raw(request: RawRequest) -> ThingView:
    """Say what came."""
    return ThingView(name=f"{request.body!r} {request.headers.get('stripe-signature')}")


def test_raw_request_keeps_the_received_bytes() -> None:
    body = base64.b64encode(b'{ "a" :1}\xff').decode()

    response = call(get_raw, headers={"Stripe-Signature": "t=1"}, body=body, isBase64Encoded=True)

    assert response.json["name"] == r"""b'{ "a" :1}\xff' t=1"""


def test_raw_request_without_body_or_headers_is_empty() -> None:
    assert call(get_raw, headers=None).json["name"] == "b'' None"


def test_request_logs_one_line_with_route_and_status() -> None:
    with capture_logs() as lines, environment({"ROUTE": "GET /v1/things"}):
        call(returning(ThingView))

    (line,) = lines.records
    log_fields = vars(line)
    assert (log_fields["route"], log_fields["status"], log_fields["correlation_id"]) == (
        "GET /v1/things",
        200,
        "request-1",
    )
    assert log_fields["milliseconds"] >= 0


def test_problem_documents_are_plain_json() -> None:
    assert json.loads(call(raising(SoldOut("ü 😀 \ud800"))).text)["detail"] == "ü 😀 \ud800"


def test_invalid_response_content_is_never_logged() -> None:
    person = f"anna{chr(64)}example.org"  # a stack shows its lines of code

    with capture_logs() as lines:
        response = call(returning(lambda: ThingView.model_validate({"name": [person], "at": person})))

    assert (response.status, "ValidationError" in lines.text()) == (500, True)
    assert person not in lines.text()
