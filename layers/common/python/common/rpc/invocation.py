"""Typed synchronous Lambda invocations between services.

The callee is a function from a request model to a response model under `@rpc_handler`; the caller uses `invoke` with
the same two models, which live in `common/rpc/<callee>.py`.
"""

import json
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

from botocore.exceptions import BotoCoreError, ClientError

from common import correlation, env, ids, log
from common.rpc.base import RpcRequest, RpcResponse

Response = TypeVar("Response", bound="RpcResponse")

_RETRYABLE_CODES = {"TooManyRequestsException", "EC2ThrottledException", "ServiceException"}


class InvocationFailed(Exception):
    """The callee did not respond; a retry may succeed."""


class RpcHandler:
    """One handler that other functions invoke directly."""

    def __init__(self, fn: Callable[[Any], RpcResponse]) -> None:
        self.fn = fn
        self.__doc__ = fn.__doc__
        hints = get_type_hints(fn)
        self.response_type = hints.pop("return")
        self.request_type: type[RpcRequest] = next(iter(hints.values()))

    def __call__(self, event: dict[str, Any], context: Any = None) -> dict[str, Any]:
        correlation_id = event.get("correlation_id") or ids.new()
        with correlation.scope(correlation_id, event.get("operation") or correlation_id):
            response = self.fn(self.request_type.model_validate(event))
        log.access(correlation_id=correlation_id)
        log.flush()
        return response.model_dump(mode="json")


def rpc_handler(fn: Callable[[Any], RpcResponse]) -> RpcHandler:
    """Make the function a handler that other functions invoke."""
    return RpcHandler(fn)


def invoke(function: str, request: RpcRequest, response_type: type[Response]) -> Response:
    """Invoke `<service>.<file>` and await its response. Raises InvocationFailed if a retry may succeed."""
    context = correlation.current()
    message = request.model_dump(mode="json") | {
        "correlation_id": context.correlation_id,
        "operation": context.operation,
    }
    function_name = env.setting(f"FUNCTION_{function.upper().replace('.', '_')}")
    try:
        invocation = env.client("lambda").invoke(FunctionName=function_name, Payload=json.dumps(message).encode())
        payload = invocation["Payload"].read()
    except BotoCoreError as error:  # timed out or unreachable
        raise InvocationFailed(f"{function} could not be invoked") from error
    except ClientError as error:
        if error.response["Error"]["Code"] not in _RETRYABLE_CODES:
            raise
        raise InvocationFailed(f"{function} could not be invoked") from error
    if invocation.get("FunctionError"):
        raise InvocationFailed(f"{function} failed")
    return response_type.model_validate_json(payload)
