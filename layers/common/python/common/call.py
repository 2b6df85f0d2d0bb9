"""One service asks another and waits: a typed Lambda invocation.

The callee is `@answers` on a function from a request model to an answer model; the caller uses
`ask` with the same two models, which live in `common/calls/<callee>.py`.
"""

import json
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict

from common import env, ids, log, trace

A = TypeVar("A", bound="CallAnswer")

_NOT_NOW = {"TooManyRequestsException", "EC2ThrottledException", "ServiceException"}  # a call may succeed in a moment


class CallRequest(BaseModel):
    """What is asked."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class CallAnswer(BaseModel):
    """What is answered."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class CallFailed(Exception):
    """The callee did not answer; asking again may succeed."""


class Callee:
    """One handler that other functions invoke directly."""

    def __init__(self, fn: Callable[[Any], CallAnswer]) -> None:
        self.fn = fn
        self.__doc__ = fn.__doc__
        hints = get_type_hints(fn)
        self.returns = hints.pop("return")
        self.asks: type[CallRequest] = next(iter(hints.values()))

    def __call__(self, event: dict[str, Any], context: Any = None) -> dict[str, Any]:
        correlation = event.get("correlation_id") or ids.new()
        with trace.following(correlation, event.get("operation") or correlation):
            answer = self.fn(self.asks.model_validate(event))
        log.access(correlation_id=correlation)
        log.flush()
        return answer.model_dump(mode="json")


def answers(fn: Callable[[Any], CallAnswer]) -> Callee:
    """Make the function one that others may ask."""
    return Callee(fn)


def ask(function: str, request: CallRequest, answer: type[A]) -> A:
    """Invoke `<service>.<file>` and wait. Raises CallFailed."""
    now = trace.current()
    traced = request.model_dump(mode="json") | {"correlation_id": now.correlation_id, "operation": now.operation}
    name = env.setting(f"FUNCTION_{function.upper().replace('.', '_')}")
    try:
        response = env.client("lambda").invoke(FunctionName=name, Payload=json.dumps(traced).encode())
        content = response["Payload"].read()
    except BotoCoreError as error:  # too slow, or out of reach
        raise CallFailed(f"{function} could not be asked") from error
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_NOW:
            raise
        raise CallFailed(f"{function} could not be asked") from error
    if response.get("FunctionError"):
        raise CallFailed(f"{function} failed")
    return answer.model_validate_json(content)
