"""The edge between the HTTP API and the domain.

`@endpoint` passes the handler what its annotations name and converts every outcome to JSON or a problem document. A
body model, `PageParams` and the types in `_INJECTED` are recognised by type; any other parameter is a path parameter
without a default and a query parameter with one. Unknown query parameters are rejected unless the handler takes
`**others`.
"""

import base64
import inspect
import json
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, create_model

from common import caller, conditional_requests, correlation, env, log, request
from common.caller import Caller
from common.conditional_requests import IfMatch, IfNoneMatch
from common.pagination.paginator import Limit, PageParams, PageResponse, PageToken
from common.problems import DomainError, InternalError, ServiceUnavailable
from common.request import IdempotencyKey, RawRequest, Request, RequestTarget
from common.responses import (
    Accepted,
    BinaryResponse,
    Created,
    HandlerResult,
    NoContent,
    NotModified,
    Ok,
    Response,
    ResponseModel,
    SeeOther,
)
from common.retries import is_retryable

__all__ = [
    "Accepted",
    "BinaryResponse",
    "Caller",
    "Created",
    "IdempotencyKey",
    "IfMatch",
    "IfNoneMatch",
    "InternalError",
    "Limit",
    "NoContent",
    "NotModified",
    "Ok",
    "PageParams",
    "PageResponse",
    "PageToken",
    "RawRequest",
    "Request",
    "RequestTarget",
    "ResponseModel",
    "SeeOther",
    "endpoint",
]  # fmt: skip

_PROBLEM_JSON = "application/problem+json"
_INJECTED: dict[Any, Callable[[dict[str, Any], RawRequest], Any]] = {
    Caller: lambda event, _: caller.from_event(event),
    RequestTarget: lambda event, _: request.request_target(event),
    RawRequest: lambda _, raw: raw,
    IdempotencyKey: lambda _, raw: request.idempotency_key(raw),
    IfMatch: lambda _, raw: conditional_requests.parse_if_match(raw.headers),
    IfNoneMatch: lambda _, raw: conditional_requests.parse_if_none_match(raw.headers),
}


class Endpoint:
    """The handler of one route. Lambda and tests call it; OpenAPI is generated from it."""

    def __init__(self, fn: Callable[..., HandlerResult], errors: Sequence[type[DomainError]]) -> None:
        self.fn = fn
        self.errors = tuple(errors)
        self.__doc__ = fn.__doc__
        hints = get_type_hints(fn, include_extras=True)
        self.response_type = hints.pop("return")
        self.body_parameter: tuple[str, type[BaseModel]] | None = None
        self.page_parameter: str | None = None
        self.injected: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        config = ConfigDict(extra="forbid", defer_build=True)
        for name, parameter in inspect.signature(fn).parameters.items():
            annotation = hints[name]
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                config["extra"] = "ignore"
            elif annotation is PageParams:
                self.page_parameter = name
                fields |= {field: (info.annotation, info) for field, info in PageParams.model_fields.items()}
            elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
                self.body_parameter = (name, annotation)
            elif annotation in _INJECTED:
                self.injected[name] = annotation
            else:
                default = ... if parameter.default is inspect.Parameter.empty else parameter.default
                fields[name] = (annotation, default)
        self.params = create_model("Parameters", __config__=config, **fields)

    def __call__(self, event: dict[str, Any], context: LambdaContext | None = None) -> dict[str, Any]:
        started, request_id = time.perf_counter(), event["requestContext"]["requestId"]
        with correlation.scope(request_id, request_id):
            response, outcome = self._respond(event, request_id)
        fields = {"route": os.environ.get("ROUTE"), "status": response["statusCode"], "correlation_id": request_id}
        fields |= outcome | {"milliseconds": round((time.perf_counter() - started) * 1000, 1)}
        log.access("error" if response["statusCode"] >= 500 else "info", **fields)
        log.flush()
        response["headers"]["x-request-id"] = request_id
        return response

    def _respond(self, event: dict[str, Any], request_id: str) -> tuple[dict[str, Any], dict[str, str]]:
        try:
            result = self.fn(**self._arguments(event))
            return _success_response(result if isinstance(result, Response) else Ok(result)), {}
        except DomainError as error:
            problem = error
        except Exception as error:  # noqa: BLE001 - the edge: every outcome gets a response
            problem = _unexpected_problem(error, request_id)
        return _problem_response(problem, request_id), {"problem": problem.slug()}

    def _arguments(self, event: dict[str, Any]) -> dict[str, Any]:
        _authorize(event)
        raw = request.raw_request(event)
        arguments = request.parameters(event, self.params)
        for name, annotation in self.injected.items():
            arguments[name] = _INJECTED[annotation](event, raw)
        if self.page_parameter:
            arguments[self.page_parameter] = request.validate_group(
                PageParams, {name: arguments.pop(name) for name in PageParams.model_fields}
            )
        if self.body_parameter:
            arguments[self.body_parameter[0]] = request.parse_body(raw, self.body_parameter[1])
        return arguments


def endpoint(*, errors: Sequence[type[DomainError]] = ()) -> Callable[[Callable[..., HandlerResult]], Endpoint]:
    """Make the function an HTTP endpoint; `errors` are its problems beside those that every endpoint may return."""
    return lambda fn: Endpoint(fn, errors)


def _authorize(event: dict[str, Any]) -> None:
    # The authorizer has verified the token; the role that the topology requires is checked here.
    role = env.setting("ACCESS")
    if role in ("user", "organiser", "admin"):
        identity = caller.from_event(event)
        if role != "user":
            identity.require_role(role)


def _unexpected_problem(error: Exception, request_id: str) -> DomainError:
    # The response has no details; the stack trace is logged once.
    if is_retryable(error):
        log.logger.warning("busy", exc_info=True, extra={"correlation_id": request_id})
        return ServiceUnavailable()
    log.logger.exception("unexpected", extra={"correlation_id": request_id})
    return InternalError()


def _problem_response(problem: DomainError, request_id: str) -> dict[str, Any]:
    headers = {"content-type": _PROBLEM_JSON, "cache-control": "no-store"} | problem.headers
    body = json.dumps(problem.to_document() | {"request_id": request_id}, default=str)
    return {"statusCode": problem.status, "headers": headers, "body": body}


def _success_response(result: Response[Any]) -> dict[str, Any]:
    response, body = {"statusCode": result.status, "headers": dict(result.headers)}, result.body
    if body is None:
        return response
    if isinstance(body, bytes):
        return response | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    text = body.model_dump_json() if isinstance(body, BaseModel) else json.dumps(body)
    return response | {"headers": {"content-type": "application/json"} | result.headers, "body": text}
