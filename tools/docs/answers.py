"""The answers of a call, for OpenAPI: its success, its refusals, and the gateway's own."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from common.api import Binary, Created, Endpoint, NotModified, Unexpected
from common.problems import Busy, DomainError
from common.reply import Reply
from infra.vocabulary import Route
from tools.docs import read
from tools.docs.problems import by_slug, refusals

_GATE = {
    401: "No access token was sent.",
    403: "The access token is not valid, or no longer.",
}
_GATEWAY = _GATE | {
    413: "The request is larger than the gateway takes.",
    429: "More requests than the gateway lets through; try again.",
    503: "The gateway could not reach the function in time; try again.",
}
_GENERAL = {413: "Gateway413", 429: "Gateway429", 500: "Unexpected", 503: "Busy"}
GENERAL = [(413, "gateway"), (500, "unexpected"), (503, "busy")]  # of these, what a test can bring about
_BINARY = {  # the types of what is not JSON stand in the calls' code only
    "ticket.get_qr": ("image/svg+xml", "image/png"),
    "ticket.get_pdf": ("application/pdf",),
    "ticket.get_calendar": ("text/calendar",),
    "ticket.get_attendees_csv": ("text/csv",),
    "gateway.get_openapi": ("application/json",),
    "gateway.get_docs": ("text/html",),
    "gateway.get_docs_file": ("text/javascript", "text/css", "image/png"),
    "gateway.get_problem": ("text/html",),
}


def success(end: Endpoint) -> tuple[type[Reply[Any]], type[BaseModel] | None]:
    """The kind of answer that a call gives when it does what was asked, and the view in it."""
    returns = next(one for one in _kinds(end) if one is not NotModified)
    kind = get_origin(returns) or returns
    if isinstance(kind, type) and issubclass(kind, Reply):
        inner = [one for one in get_args(returns) if isinstance(one, type) and issubclass(one, BaseModel)]
        return kind, inner[0] if inner else None
    return Reply, returns


def tags(end: Endpoint) -> bool:
    """Whether the answer has an ETag."""
    return NotModified in _kinds(end) or "tagged" in end.fn.__globals__


def documented(row: Route) -> list[tuple[int, str]]:
    """Every answer of the call that stands with it: status, and the problem's slug or what else tells it."""
    end = read.endpoint(row)
    found = [(success(end)[0].status, "done")] + [(304, "unchanged")] * (NotModified in _kinds(end))
    found += [(one.status, one.slug()) for one in told(row)]
    return found + [(status, "gateway") for status in _own(row)]


def told(row: Route) -> list[type[DomainError]]:
    """The problems that stand with the call: all that not every call may answer."""
    return [one for one in refusals(row) if one not in (Busy, Unexpected)]


def answers(row: Route, schema: Callable[[type[BaseModel]], dict[str, Any]]) -> dict[str, Any]:
    """OpenAPI's responses by status."""
    kind, view = success(read.endpoint(row))
    found: dict[str, Any] = {str(kind.status): _done(row, kind, schema(view) if view else None)}
    if NotModified in _kinds(read.endpoint(row)):
        found["304"] = {"description": "The client has this answer already."}
    for status in sorted({one.status for one in told(row)} | set(_own(row)) | set(_GENERAL)):
        found[str(status)] = _refused(row, status)
    return found


def general_answers() -> dict[str, Any]:
    """What any call may answer, whatever else stands with it."""
    return {str(status): {"$ref": f"#/components/responses/{name}"} for status, name in _GENERAL.items()}


def _kinds(end: Endpoint) -> tuple[Any, ...]:
    return get_args(end.returns) if get_origin(end.returns) in (Union, UnionType) else (end.returns,)


def _done(row: Route, kind: type[Reply[Any]], schema: dict[str, Any] | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(kind.status).phrase}
    if kind.status in (201, 303):
        answer["headers"] = {"Location": {"schema": {"type": "string"}}}
    if kind is Created:
        told = "`true` where an earlier request with the same Idempotency-Key had made it"
        answer["headers"]["Idempotency-Replayed"] = {"description": told, "schema": {"type": "string"}}
    if tags(read.endpoint(row)):
        told = "The version of what was read: If-Match of its edit, or If-None-Match of the next read."
        answer["headers"] = {"ETag": {"description": told, "required": True, "schema": {"type": "string"}}}
    if schema:
        answer["content"] = {"application/json": {"schema": schema}}
    if kind is Binary:
        answer["content"] = {name: {} for name in _BINARY[row.function]}
    return answer


@cache
def examples() -> dict[str, Any]:
    """An example of every problem that can be raised without saying what of."""
    found = {}
    for slug, raised in by_slug(read.routes()).items():
        plain = [one for one, _ in raised if one.__init__ is DomainError.__init__]
        if plain:
            found[slug] = {"value": plain[0]().problem() | {"request_id": "JKJaXmPLvHcESHA="}}
    return found


def shared_answers() -> dict[str, Any]:
    """What many calls answer alike."""
    own = {f"Gateway{status}": _answer([], status) for status in _GATEWAY if status != Busy.status}
    return own | {"Unexpected": _answer([Unexpected]), "Busy": _answer([Busy], Busy.status)}


def _refused(row: Route, status: int) -> dict[str, Any]:
    known = [one for one in told(row) if one.status == status]
    if not known:
        return {"$ref": f"#/components/responses/{_GENERAL.get(status, f'Gateway{status}')}"}
    busy: list[type[DomainError]] = [Busy] if status == Busy.status else []
    return _answer([*known, *busy], status if status in _own(row) or status in _GENERAL else None)


def _answer(known: list[type[DomainError]], own: int | None = None) -> dict[str, Any]:
    words = [f"`{one.slug()}`: {one.title()}" for one in known] + ([_GATEWAY[own]] if own else [])
    content: dict[str, Any] = {}
    if known:
        content["application/problem+json"] = _problem(known)
    if own:
        content["application/json"] = {"schema": {"$ref": "#/components/schemas/GatewayMessage"}}
    return {"description": " ".join(words), "content": content}


def _problem(known: list[type[DomainError]]) -> dict[str, Any]:
    made = examples()
    shown = {one.slug(): {"$ref": f"#/components/examples/{one.slug()}"} for one in known if one.slug() in made}
    return {"schema": {"$ref": "#/components/schemas/Problem"}} | ({"examples": shown} if shown else {})


def _own(row: Route) -> tuple[int, ...]:
    return tuple(_GATE) if row.who.signed_in else ()
