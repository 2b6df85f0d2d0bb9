"""The one place where HTTP meets the domain.

`@endpoint` reads the handler's annotations, gives it what it asks for, and turns every outcome
into JSON or a problem document. A body model, `Paging`, and what `_GIVEN` lists are known by their
types; any other parameter without a default is a path parameter, with one a query parameter.
An unknown parameter is refused, unless the handler takes `**others`.
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

from common import caller, env, log, request, revision, trace
from common.caller import Caller
from common.paging import Limit, PageOf, Paging, Token
from common.patience import busy
from common.problems import Busy, DomainError, Unexpected
from common.reply import Accepted, Answer, Binary, Created, NoContent, NotModified, Ok, Reply, SeeOther, View
from common.request import Address, IdempotencyKey, RawRequest, Request
from common.revision import IfMatch, IfNoneMatch

__all__ = [
    "Accepted", "Address", "Binary", "Caller", "Created", "IdempotencyKey", "IfMatch", "IfNoneMatch", "Limit",
    "NoContent", "NotModified", "Ok", "PageOf", "Paging", "RawRequest", "Request", "SeeOther", "Token", "Unexpected",
    "View", "endpoint",
]  # fmt: skip

_PROBLEM = "application/problem+json"
_GIVEN: dict[Any, Callable[[dict[str, Any], RawRequest], Any]] = {
    Caller: lambda event, _: caller.of(event),
    Address: lambda event, _: request.address(event),
    RawRequest: lambda _, raw: raw,
    IdempotencyKey: lambda _, raw: request.idempotency_key(raw),
    IfMatch: lambda _, raw: revision.if_match(raw.headers),
    IfNoneMatch: lambda _, raw: revision.if_none_match(raw.headers),
}


class Endpoint:
    """One handler behind one route: Lambda calls it, tests call it, OpenAPI is written from it."""

    def __init__(self, fn: Callable[..., Answer], refuses: Sequence[type[DomainError]]) -> None:
        self.fn = fn
        self.refuses = tuple(refuses)
        self.__doc__ = fn.__doc__
        hints = get_type_hints(fn, include_extras=True)
        self.returns = hints.pop("return")
        self.body: tuple[str, type[BaseModel]] | None = None
        self.paging: str | None = None
        self.wants: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        config = ConfigDict(extra="forbid", defer_build=True)
        for name, parameter in inspect.signature(fn).parameters.items():
            hint = hints[name]
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                config["extra"] = "ignore"
            elif hint is Paging:
                self.paging = name
                fields |= {one: (info.annotation, info) for one, info in Paging.model_fields.items()}
            elif isinstance(hint, type) and issubclass(hint, BaseModel):
                self.body = (name, hint)
            elif hint in _GIVEN:
                self.wants[name] = hint
            else:
                default = ... if parameter.default is inspect.Parameter.empty else parameter.default
                fields[name] = (hint, default)
        self.params = create_model("Parameters", __config__=config, **fields)

    def __call__(self, event: dict[str, Any], context: LambdaContext | None = None) -> dict[str, Any]:
        started, request_id = time.perf_counter(), event["requestContext"]["requestId"]
        with trace.following(request_id, request_id):
            response, told = self._outcome(event, request_id)
        fields = {"route": os.environ.get("ROUTE"), "status": response["statusCode"], "correlation_id": request_id}
        fields |= told | {"milliseconds": round((time.perf_counter() - started) * 1000, 1)}
        log.access("error" if response["statusCode"] >= 500 else "info", **fields)
        log.flush()
        response["headers"]["x-request-id"] = request_id
        return response

    def _outcome(self, event: dict[str, Any], request_id: str) -> tuple[dict[str, Any], dict[str, str]]:
        try:
            answer = self.fn(**self._arguments(event))
            return _response(answer if isinstance(answer, Reply) else Ok(answer)), {}
        except DomainError as known:
            refusal = known
        except Exception as unknown:  # noqa: BLE001 - the edge: no outcome goes unanswered
            refusal = _unforeseen(unknown, request_id)
        return _refused(refusal, request_id), {"refused": refusal.slug()}

    def _arguments(self, event: dict[str, Any]) -> dict[str, Any]:
        _may(event)
        raw = request.raw(event)
        found = request.parameters(event, self.params)
        for name, hint in self.wants.items():
            found[name] = _GIVEN[hint](event, raw)
        if self.paging:
            found[self.paging] = request.composed(Paging, {name: found.pop(name) for name in Paging.model_fields})
        if self.body:
            found[self.body[0]] = request.json_body(raw, self.body[1])
        return found


def endpoint(*, refuses: Sequence[type[DomainError]] = ()) -> Callable[[Callable[..., Answer]], Endpoint]:
    """Make the function an HTTP endpoint that refuses in these ways (and in those every call has)."""
    return lambda fn: Endpoint(fn, refuses)


def _may(event: dict[str, Any]) -> None:
    # What the topology demands of this route, beside the authorizer's word.
    role = env.setting("WHO")
    if role in ("user", "organiser", "admin"):
        known = caller.of(event)
        if role != "user":
            known.needs(role)


def _unforeseen(error: Exception, request_id: str) -> DomainError:
    # The caller learns nothing of it; the stack goes to the log once.
    if busy(error):
        log.logger.warning("busy", exc_info=True, extra={"correlation_id": request_id})
        return Busy()
    log.logger.exception("unexpected", extra={"correlation_id": request_id})
    return Unexpected()


def _refused(refusal: DomainError, request_id: str) -> dict[str, Any]:
    headers = {"content-type": _PROBLEM, "cache-control": "no-store"} | refusal.headers
    body = json.dumps(refusal.problem() | {"request_id": request_id}, default=str)
    return {"statusCode": refusal.status, "headers": headers, "body": body}


def _response(reply: Reply[Any]) -> dict[str, Any]:
    response, content = {"statusCode": reply.status, "headers": dict(reply.headers)}, reply.view
    if content is None:
        return response
    if isinstance(content, bytes):
        return response | {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}
    text = content.model_dump_json() if isinstance(content, BaseModel) else json.dumps(content)
    return response | {"headers": {"content-type": "application/json"} | reply.headers, "body": text}
