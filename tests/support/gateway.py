"""What stands in front of the handlers: routes and their callers, queues and their batches."""

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
from infra.vocabulary import Route, Setting, Trigger
from tests.support.cloud import REGION


def load(row: Trigger) -> Any:
    """The row's entry point, as Lambda would import it."""
    return importlib.import_module(row.function).handler


def row(function: str) -> Trigger:
    """The row of `<service>.<file>`."""
    return next(one for one in topology.ROWS if one.function == function)


def variables(one: Trigger, value: Callable[[str], str]) -> dict[str, str]:
    """The row's environment, without its queues; `value` tells what stands behind a name that is granted."""
    found = {"STAGE": "test", "MAX_RECEIVES": "7", "BUS_NAME": "ticketing", "FUNCTION": one.function}
    for grant in one.may:
        name = grant.env if isinstance(grant, Setting) else grant.resource.env
        found[name] = value(name)
    found |= {f"FUNCTION_{called.upper().replace('.', '_')}": called for called in one.calls}
    return found | ({"WHO": str(one.who), "ROUTE": one.call} if isinstance(one, Route) else {})


def route(call: str) -> tuple[Route, dict[str, str]]:
    """The route that `METHOD /path` reaches, and its path parameters; literal paths win."""
    for one, pattern in _routes():
        found = pattern.fullmatch(call)
        if found:
            return one, found.groupdict()
    raise LookupError(call)


@cache
def _routes() -> list[tuple[Route, re.Pattern[str]]]:
    routes = [one for one in topology.ROWS if isinstance(one, Route) and one.call != "$default"]
    named = re.compile(r"\{(\w+)\}")
    return [
        (one, re.compile(named.sub(r"(?P<\1>[^/ ]+)", one.call)))
        for one in sorted(routes, key=lambda one: one.path.count("{"))
    ]


class Person:
    """A caller as the authorizer describes them."""

    def __init__(self, *roles: str, user_id: str | None = None) -> None:
        self.user_id = user_id or str(uuid.uuid4())
        self.session_id = str(uuid.uuid4())
        self.roles = roles
        self.email_verified = True


class Reply:
    """What a route's function answered."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.status: int = answer["statusCode"]
        self.headers: dict[str, str] = answer.get("headers", {})
        self.text: str = answer.get("body", "")
        self.base64: bool = answer.get("isBase64Encoded", False)

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        """The slug of the problem that was answered."""
        assert self.headers["content-type"] == "application/problem+json", self.text
        return str(self.json["type"]).removeprefix("/problems/")


def http_event(
    found: Route,
    path: dict[str, str],
    *,
    address: str,
    text: str | None,
    headers: dict[str, str],
    query: dict[str, str] | None,
    by: Person | None,
    request_id: str | None,
) -> dict[str, Any]:
    """An HTTP API event (payload 2.0), with what the authorizer found."""
    http = {"method": found.method, "path": address}
    context: dict[str, Any] = {"requestId": request_id or ids.new(), "http": http}
    if by:
        known = {"user_id": by.user_id, "session_id": by.session_id, "roles": " ".join(by.roles)}
        known |= {"email_verified": "yes" if by.email_verified else ""}
        context["authorizer"] = {"lambda": known}
    event = {
        "version": "2.0",
        "routeKey": found.call,
        "headers": headers,
        "requestContext": context,
        "pathParameters": path,
        "queryStringParameters": query,
        "body": text,
        "isBase64Encoded": False,
    }
    return {name: value for name, value in event.items() if value is not None}


def eventbridge(message: BusEvent) -> dict[str, Any]:
    """The message as a rule puts it into a queue."""
    return {
        "detail-type": message.wire_name(),
        "source": message.source,
        "detail": json.loads(message.model_dump_json()),
    }


def batch(*envelopes: dict[str, Any], tries: int = 1) -> dict[str, Any]:
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
