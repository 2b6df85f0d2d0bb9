"""The events that invoke handlers: HTTP requests with callers, and SQS batches."""

import importlib
import json
import re
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from common import ids
from common.bus import BusEvent
from infra import topology
from infra.resource_types import Setting
from infra.topology_types import FunctionSpec, Route
from tests.support.system.moto_resources import REGION


def load_handler(row: FunctionSpec) -> Any:
    """The row's entry point, as Lambda would import it."""
    return importlib.import_module(row.module).handler


def row(function: str) -> FunctionSpec:
    """The row of `<service>.<file>`."""
    return next(one for one in topology.ROWS if one.function == function)


def environment_variables(one: FunctionSpec, granted_value: Callable[[str], str]) -> dict[str, str]:
    """The row's environment without its queues; `granted_value` returns the value of a granted resource."""
    variables = {"STAGE": "test", "MAX_RECEIVES": "7", "BUS_NAME": "ticketing", "FUNCTION": one.function}
    for grant in one.grants:
        name = grant.env if isinstance(grant, Setting) else grant.resource.env
        variables[name] = granted_value(name)
    variables |= {f"FUNCTION_{function.upper().replace('.', '_')}": function for function in one.invokes}
    return variables | ({"ACCESS": str(one.access), "ROUTE": one.route_key} if isinstance(one, Route) else {})


def match_route(call: str) -> tuple[Route, dict[str, str]]:
    """The route that `METHOD /path` reaches, and its path parameters; literal paths win."""
    for one, pattern in _routes():
        match = pattern.fullmatch(call)
        if match:
            return one, match.groupdict()
    raise LookupError(call)


@cache
def _routes() -> list[tuple[Route, re.Pattern[str]]]:
    routes = [one for one in topology.ROWS if isinstance(one, Route) and one.route_key != "$default"]
    placeholder = re.compile(r"\{(\w+)\}")
    return [
        (one, re.compile(placeholder.sub(r"(?P<\1>[^/ ]+)", one.route_key)))
        for one in sorted(routes, key=lambda one: one.path.count("{"))
    ]


class Person:
    """A caller, as in the authorizer's context."""

    def __init__(self, *roles: str, user_id: str | None = None) -> None:
        self.user_id = user_id or str(uuid.uuid4())
        self.session_id = str(uuid.uuid4())
        self.roles = roles
        self.email_verified = True


class HttpResponse:
    """The response of a route's function."""

    def __init__(self, response: dict[str, Any]) -> None:
        self.status: int = response["statusCode"]
        self.headers: dict[str, str] = response.get("headers", {})
        self.text: str = response.get("body", "")
        self.base64: bool = response.get("isBase64Encoded", False)

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        """The slug of the problem in the response."""
        assert self.headers["content-type"] == "application/problem+json", self.text
        return str(self.json["type"]).removeprefix("/problems/")


def http_event(
    route: Route,
    path: dict[str, str],
    *,
    address: str,
    text: str | None,
    headers: dict[str, str],
    query: dict[str, str] | None,
    by: Person | None,
    request_id: str | None,
) -> dict[str, Any]:
    """An HTTP API event (payload 2.0) with the authorizer's context."""
    http = {"method": route.method, "path": address}
    context: dict[str, Any] = {"requestId": request_id or ids.new(), "http": http}
    if by:
        authorizer_context = {"user_id": by.user_id, "session_id": by.session_id, "roles": " ".join(by.roles)}
        authorizer_context |= {"email_verified": "yes" if by.email_verified else ""}
        context["authorizer"] = {"lambda": authorizer_context}
    event = {
        "version": "2.0",
        "routeKey": route.route_key,
        "headers": headers,
        "requestContext": context,
        "pathParameters": path,
        "queryStringParameters": query,
        "body": text,
        "isBase64Encoded": False,
    }
    return {name: value for name, value in event.items() if value is not None}


def eventbridge_event(event: BusEvent) -> dict[str, Any]:
    """The EventBridge event of a bus event, as in an SQS message body."""
    return {
        "detail-type": event.wire_name(),
        "source": event.source,
        "detail": json.loads(event.model_dump_json()),
    }


def sqs_batch(*envelopes: dict[str, Any], tries: int = 1) -> dict[str, Any]:
    """The envelopes as one SQS batch."""
    attributes = {"ApproximateReceiveCount": str(tries), "SentTimestamp": "0"}
    attributes |= {"SenderId": "x", "ApproximateFirstReceiveTimestamp": "0"}
    fixed = {
        "receiptHandle": "r",
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:1:q",
        "awsRegion": REGION,
    }
    return {"Records": [fixed | {"messageId": str(uuid.uuid4()), "body": json.dumps(one)} for one in envelopes]}
