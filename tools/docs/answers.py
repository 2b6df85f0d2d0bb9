"""The documented responses of each route: success, problems, and API Gateway's own errors."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from common.api import BinaryResponse, Created, Endpoint, InternalError, NotModified
from common.problems import DomainError, ServiceUnavailable
from common.responses import Response
from infra.topology_types import Route
from tools.docs import introspection
from tools.docs.problems import problems_by_slug, route_problems

_AUTHORIZER_RESPONSES = {
    401: "No access token was sent.",
    403: "The access token is not valid, or no longer.",
}
_GATEWAY_RESPONSES = _AUTHORIZER_RESPONSES | {
    413: "The request is larger than the gateway takes.",
    429: "More requests than the gateway lets through; try again.",
    503: "The gateway could not reach the function in time; try again.",
}
_GENERAL_RESPONSES = {413: "Gateway413", 429: "Gateway429", 500: "Unexpected", 503: "Busy"}
TESTABLE_GENERAL_RESPONSES = [
    (413, "gateway"),
    (500, "internal-error"),
    (503, "service-unavailable"),
]  # those that a test can provoke
_BINARY_CONTENT_TYPES = {  # the handlers set them at run time, so they are not in the annotations
    "ticket.get_qr": ("image/svg+xml", "image/png"),
    "ticket.get_pdf": ("application/pdf",),
    "ticket.get_calendar": ("text/calendar",),
    "ticket.get_attendees_csv": ("text/csv",),
    "gateway.get_openapi": ("application/json",),
    "gateway.get_docs": ("text/html",),
    "gateway.get_docs_file": ("text/javascript", "text/css", "image/png"),
    "gateway.get_problem": ("text/html",),
}


def success_type(endpoint: Endpoint) -> tuple[type[Response[Any]], type[BaseModel] | None]:
    """The response class of success and its body model, if any."""
    returns = next(kind for kind in _return_types(endpoint) if kind is not NotModified)
    response_type = get_origin(returns) or returns
    if isinstance(response_type, type) and issubclass(response_type, Response):
        inner = [one for one in get_args(returns) if isinstance(one, type) and issubclass(one, BaseModel)]
        return response_type, inner[0] if inner else None
    return Response, returns


def has_etag(endpoint: Endpoint) -> bool:
    """Whether the response of success has an ETag."""
    return NotModified in _return_types(endpoint) or "etag_header" in endpoint.fn.__globals__


def documented_responses(row: Route) -> list[tuple[int, str]]:
    """Every documented response of the route: status, and `done`, `unchanged`, `gateway` or the problem's slug."""
    endpoint = introspection.endpoint(row)
    responses = [(success_type(endpoint)[0].status, "done")] + [(304, "unchanged")] * (
        NotModified in _return_types(endpoint)
    )
    responses += [(one.status, one.slug()) for one in specific_problems(row)]
    return responses + [(status, "gateway") for status in _gateway_statuses(row)]


def specific_problems(row: Route) -> list[type[DomainError]]:
    """The problems of the route, except those that any route may return."""
    return [one for one in route_problems(row) if one not in (ServiceUnavailable, InternalError)]


def build_responses(row: Route, schema: Callable[[type[BaseModel]], dict[str, Any]]) -> dict[str, Any]:
    """The route's OpenAPI responses by status."""
    response_type, view = success_type(introspection.endpoint(row))
    responses: dict[str, Any] = {
        str(response_type.status): _success_response(row, response_type, schema(view) if view else None)
    }
    if NotModified in _return_types(introspection.endpoint(row)):
        responses["304"] = {"description": "The client has this answer already."}
    for status in sorted(
        {one.status for one in specific_problems(row)} | set(_gateway_statuses(row)) | set(_GENERAL_RESPONSES)
    ):
        responses[str(status)] = _error_response(row, status)
    return responses


def general_responses() -> dict[str, Any]:
    """The OpenAPI responses that any route may return."""
    return {str(status): {"$ref": f"#/components/responses/{name}"} for status, name in _GENERAL_RESPONSES.items()}


def _return_types(endpoint: Endpoint) -> tuple[Any, ...]:
    return (
        get_args(endpoint.response_type)
        if get_origin(endpoint.response_type) in (Union, UnionType)
        else (endpoint.response_type,)
    )


def _success_response(row: Route, response_type: type[Response[Any]], schema: dict[str, Any] | None) -> dict[str, Any]:
    response: dict[str, Any] = {"description": HTTPStatus(response_type.status).phrase}
    if response_type.status in (201, 303):
        response["headers"] = {"Location": {"schema": {"type": "string"}}}
    if response_type is Created:
        description = "`true` where an earlier request with the same Idempotency-Key had made it"
        response["headers"]["Idempotency-Replayed"] = {"description": description, "schema": {"type": "string"}}
    if has_etag(introspection.endpoint(row)):
        description = "The version of what was read: If-Match of its edit, or If-None-Match of the next read."
        response["headers"] = {"ETag": {"description": description, "required": True, "schema": {"type": "string"}}}
    if schema:
        response["content"] = {"application/json": {"schema": schema}}
    if response_type is BinaryResponse:
        response["content"] = {name: {} for name in _BINARY_CONTENT_TYPES[row.function]}
    return response


@cache
def examples() -> dict[str, Any]:
    """An example document of every problem whose class takes no arguments of its own."""
    result = {}
    for slug, occurrences in problems_by_slug(introspection.routes()).items():
        without_arguments = [problem for problem, _ in occurrences if problem.__init__ is DomainError.__init__]
        if without_arguments:
            result[slug] = {"value": without_arguments[0]().to_document() | {"request_id": "JKJaXmPLvHcESHA="}}
    return result


def shared_responses() -> dict[str, Any]:
    """The OpenAPI responses that several routes share."""
    gateway_responses = {
        f"Gateway{status}": _response([], status)
        for status in _GATEWAY_RESPONSES
        if status != ServiceUnavailable.status
    }
    return gateway_responses | {
        "Unexpected": _response([InternalError]),
        "Busy": _response([ServiceUnavailable], ServiceUnavailable.status),
    }


def _error_response(row: Route, status: int) -> dict[str, Any]:
    problems = [one for one in specific_problems(row) if one.status == status]
    if not problems:
        return {"$ref": f"#/components/responses/{_GENERAL_RESPONSES.get(status, f'Gateway{status}')}"}
    busy: list[type[DomainError]] = [ServiceUnavailable] if status == ServiceUnavailable.status else []
    return _response(
        [*problems, *busy], status if status in _gateway_statuses(row) or status in _GENERAL_RESPONSES else None
    )


def _response(problems: list[type[DomainError]], gateway_status: int | None = None) -> dict[str, Any]:
    descriptions = [f"`{one.slug()}`: {one.title()}" for one in problems] + (
        [_GATEWAY_RESPONSES[gateway_status]] if gateway_status else []
    )
    content: dict[str, Any] = {}
    if problems:
        content["application/problem+json"] = _problem_content(problems)
    if gateway_status:
        content["application/json"] = {"schema": {"$ref": "#/components/schemas/GatewayMessage"}}
    return {"description": " ".join(descriptions), "content": content}


def _problem_content(problems: list[type[DomainError]]) -> dict[str, Any]:
    available = examples()
    references = {
        one.slug(): {"$ref": f"#/components/examples/{one.slug()}"} for one in problems if one.slug() in available
    }
    return {"schema": {"$ref": "#/components/schemas/Problem"}} | ({"examples": references} if references else {})


def _gateway_statuses(row: Route) -> tuple[int, ...]:
    return tuple(_AUTHORIZER_RESPONSES) if row.access.requires_token else ()
