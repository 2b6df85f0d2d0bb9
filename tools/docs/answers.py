"""The answers of a call, for OpenAPI: its success, its refusals, and the gateway's own."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from common.api import Binary, Created, Endpoint, Unexpected
from common.problems import Busy, DomainError
from common.reply import Reply
from infra.vocabulary import Route
from tools.docs import read
from tools.docs.problems import by_slug, refusals

_GATEWAY = {
    401: "No access token was sent.",
    403: "The access token is not valid, or no longer.",
    413: "The request is larger than the gateway takes.",
    429: "More requests than the gateway lets through; try again.",
    503: "The gateway could not reach the function in time; try again.",
}
_BINARY = {"ticket.get_qr": ("image/svg+xml", "image/png")}  # what a call draws is in its code only


def success(end: Endpoint) -> tuple[type[Reply[Any]], type[BaseModel] | None]:
    """The kind of answer that a call gives when it does what was asked, and the view in it."""
    kind = get_origin(end.returns) or end.returns
    if isinstance(kind, type) and issubclass(kind, Reply):
        inner = [one for one in get_args(end.returns) if isinstance(one, type) and issubclass(one, BaseModel)]
        return kind, inner[0] if inner else None
    return Reply, end.returns


def answers(row: Route, schema: Callable[[type[BaseModel]], dict[str, Any]]) -> dict[str, Any]:
    """OpenAPI's responses by status."""
    kind, view = success(read.endpoint(row))
    found: dict[str, Any] = {str(kind.status): _done(row, kind, schema(view) if view else None)}
    for status in sorted({one.status for one in refusals(row)} | set(_own(row))):
        found[str(status)] = _refused(row, status)
    return found


def _done(row: Route, kind: type[Reply[Any]], schema: dict[str, Any] | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(kind.status).phrase}
    if kind.status in (201, 303):
        answer["headers"] = {"Location": {"schema": {"type": "string"}}}
    if kind is Created:
        told = "`true` where an earlier request with the same Idempotency-Key had made it"
        answer["headers"]["Idempotency-Replayed"] = {"description": told, "schema": {"type": "string"}}
    if schema:
        answer["content"] = {"application/json": {"schema": schema}}
    if kind is Binary:
        answer["content"] = {name: {} for name in _BINARY[row.function]}
    return answer


@cache
def examples() -> dict[str, Any]:
    """An example of every problem that can be raised without saying what of."""
    found = {}
    for slug, told in by_slug(read.routes()).items():
        plain = [one for one, _ in told if one.__init__ is DomainError.__init__]
        if plain:
            found[slug] = {"value": plain[0]().problem() | {"request_id": "JKJaXmPLvHcESHA="}}
    return found


def shared_answers() -> dict[str, Any]:
    """What many calls answer alike."""
    # 503 is never the gateway's alone: the function says it too.
    own = {f"Gateway{status}": _answer([], status) for status in _GATEWAY if status != Busy.status}
    return own | {"Unexpected": _answer([Unexpected])}


def _refused(row: Route, status: int) -> dict[str, Any]:
    told = [one for one in refusals(row) if one.status == status]
    own = status in _own(row)
    if told == [Unexpected] or not told:
        return {"$ref": f"#/components/responses/{'Unexpected' if told else f'Gateway{status}'}"}
    return _answer(told, status if own else None)


def _answer(told: list[type[DomainError]], own: int | None = None) -> dict[str, Any]:
    words = [f"`{one.slug()}`: {one.title()}" for one in told] + ([_GATEWAY[own]] if own else [])
    content: dict[str, Any] = {}
    if told:
        content["application/problem+json"] = _problem(told)
    if own:
        content["application/json"] = {"schema": {"$ref": "#/components/schemas/GatewayMessage"}}
    return {"description": " ".join(words), "content": content}


def _problem(told: list[type[DomainError]]) -> dict[str, Any]:
    known = examples()
    shown = {one.slug(): {"$ref": f"#/components/examples/{one.slug()}"} for one in told if one.slug() in known}
    return {"schema": {"$ref": "#/components/schemas/Problem"}} | ({"examples": shown} if shown else {})


def _own(row: Route) -> tuple[int, ...]:
    return ((401, 403) if row.who.signed_in else ()) + ((413,) if read.endpoint(row).body else ()) + (429, 503)
