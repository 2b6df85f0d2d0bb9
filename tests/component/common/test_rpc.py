"""One function asking another: what is sent, what comes back, and what a failure looks like."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import ValidationError

from common import correlation, env
from common.env import NotGranted
from common.rpc.base import RpcRequest, RpcResponse
from common.rpc.invocation import InvocationFailed, invoke, rpc_handler
from tests.support.faults.aws_errors import ScriptedResponses, error_response, scripted_responses
from tests.support.system.log_capture import capture_logs
from tests.support.system.system import environment


class DoubleRequest(RpcRequest):
    number: int


class DoubleResponse(RpcResponse):
    number: int
    journey: str = ""


@rpc_handler
def double(request: DoubleRequest) -> DoubleResponse:
    """Twice the number."""
    return DoubleResponse(
        number=request.number * 2, journey=f"{correlation.current().correlation_id} {correlation.current().operation}"
    )


@pytest.fixture(autouse=True)
def function_environment() -> Iterator[None]:
    with environment({"FUNCTION_MATHS_DOUBLE": "test-maths-double"}):
        env.clear_cache()
        yield
        env.clear_cache()


def invoke_result(content: Any, **members: Any) -> Any:
    payload = BytesIO(content if isinstance(content, bytes) else json.dumps(content).encode())
    return {"StatusCode": 200, "Payload": payload, "ResponseMetadata": {}} | members


def invocation_with(response: Any) -> tuple[Callable[[], DoubleResponse], Any]:
    return lambda: invoke("maths.double", DoubleRequest(number=2), DoubleResponse), scripted_responses(
        "lambda", "Invoke", response
    )


def sent_payload(script: ScriptedResponses) -> dict[str, Any]:
    (call,) = script.calls
    assert "/functions/test-maths-double/" in call["url_path"]
    return dict(json.loads(call["body"]))


def test_invoke_sends_correlation_and_returns_typed_response() -> None:
    call, response = invocation_with(invoke_result({"number": 4, "more": "ignored"}))

    with response as script, correlation.scope("c1", "m1"):
        assert call() == DoubleResponse(number=4)

    assert sent_payload(script) == {"number": 2, "correlation_id": "c1", "operation": "m1"}


def test_invoke_fails_when_handler_fails() -> None:
    call, response = invocation_with(
        invoke_result({"errorMessage": "secret", "errorType": "X"}, FunctionError="Unhandled")
    )

    with response, pytest.raises(InvocationFailed, match=r"^maths\.double failed$"):
        call()


@pytest.mark.parametrize("content", [{"number": "many"}, {}, None, [], b"", b"not json"])
def test_invoke_rejects_malformed_response(content: Any) -> None:
    call, response = invocation_with(invoke_result(content))

    with response, pytest.raises(ValidationError):
        call()


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ServiceException"])
def test_invoke_fails_when_lambda_is_throttled(code: str) -> None:
    call, response = invocation_with(error_response(code))

    with response, pytest.raises(InvocationFailed, match=r"^maths\.double could not be invoked$"):
        call()


def test_invoke_fails_on_read_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    call, _ = invocation_with(invoke_result({"number": 4}))
    late = ReadTimeoutError(endpoint_url="https://lambda")
    monkeypatch.setattr(env, "client", lambda _: SimpleNamespace(invoke=Mock(side_effect=late)))

    with pytest.raises(InvocationFailed, match=r"^maths\.double could not be invoked$"):
        call()


def test_denied_invocation_propagates() -> None:
    call, response = invocation_with(error_response("AccessDeniedException"))

    with response, pytest.raises(ClientError):
        call()


def test_ungranted_function_has_no_name() -> None:
    with pytest.raises(NotGranted, match="FUNCTION_MATHS_TRIPLE"):
        invoke("maths.triple", DoubleRequest(number=2), DoubleResponse)


def test_rpc_handler_returns_json_under_callers_correlation() -> None:
    event = {"number": 2, "correlation_id": "c1", "operation": "m1", "unknown": 1}

    assert double(event) == {"number": 4, "journey": "c1 m1"}


def test_rpc_handler_creates_correlation_for_operator() -> None:
    correlation = double({"number": 2})["journey"].split(" ")

    assert correlation[0] == correlation[1] != "none"


def test_invalid_request_fails_the_invocation() -> None:
    with pytest.raises(ValidationError):
        double({"number": "two"})


def test_rpc_handler_logs_one_line() -> None:
    with capture_logs() as lines:
        double({"number": 2, "correlation_id": "c1"})

    assert [vars(line)["correlation_id"] for line in lines.with_message("handled")] == ["c1"]
