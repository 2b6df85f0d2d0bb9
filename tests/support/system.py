"""The real handlers, driven by the topology, on moto: each with only what its row grants it.

`System.http` calls a route's function as the gateway would; `System.deliver` wakes consumers with
bus events. A call that a row does not grant fails, as IAM would fail it. Single-threaded truth
only: isolation is judged on the deployed stack.
"""

import contextlib
import json
import uuid
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import boto3
from moto import mock_aws

from common import env, log, store
from common.bus import BusEvent
from infra import topology
from infra.vocabulary import Bucket, Grant, On, Route, Setting, Stream, Table, Timer, Trigger
from tests.support.cloud import PROVIDER_SECRET, REGION, SENDER, VALUES, aws, build, environment, physical, secret_name
from tests.support.gateway import Person, Reply, batch, eventbridge, http_event, load, route, row

__all__ = [
    "PROVIDER_SECRET", "REGION", "SENDER", "VALUES", "NotAllowed", "Person", "Reply", "System",
    "batch", "environment", "eventbridge", "load", "physical", "route", "row",
]  # fmt: skip

_MEMBERS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_RUNNING: list["System"] = []
_OF_A_FUNCTION = ("TABLE_", "BUCKET_", "SECRET_", "KEYS_", "FUNCTION_", "WHO", "ROUTE", "SENDER", "QUEUE_URL", *VALUES)


class NotAllowed(AssertionError):
    """A function made an SDK call that its row does not grant."""


class System:
    """All tables, keys, secrets and queues of the topology, in moto."""

    def __init__(self) -> None:
        self.current: Trigger | None = None
        self.sent: list[tuple[str, dict[str, Any], int]] = []  # (timer function, message, delay)
        self.bus: list[dict[str, Any]] = []  # EventBridge events, in order of publication
        self.values = dict(VALUES)
        self.queues: dict[str, str] = {}
        self.keys: dict[str, str] = {}

    # -- the calls that a test makes ------------------------------------------------------------

    def http(
        self,
        call: str,
        body: Any = None,
        *,
        by: Person | None = None,
        key: str | None = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        request_id: str | None = None,
    ) -> Reply:
        """Call a route as the gateway would; `raw` is sent as it is, `body` as JSON."""
        found, path = route(call)
        sent = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {}) | (headers or {})
        text = raw.decode("utf-8", "surrogateescape") if raw is not None else None
        text = json.dumps(body) if text is None and body is not None else text
        asked: dict[str, Any] = {"address": call.split(" ")[1], "text": text, "headers": sent, "query": query}
        return Reply(self.invoke(found, http_event(found, path, **asked, by=by, request_id=request_id)))

    def invoke(self, one: Trigger | str, event: Any) -> Any:
        """Run a row's function on an event, with exactly its environment and rights."""
        found = row(one) if isinstance(one, str) else one
        with self.acting(found):
            return load(found)(event, None)

    def deliver(self, message: BusEvent, *functions: str, tries: int = 1) -> dict[str, dict[str, Any]]:
        """Wake the functions (all that hear it, if none is named) with one bus event."""
        hearing = [one for one in topology.ROWS if isinstance(one, On) and type(message) in one.events]
        wanted = [one for one in hearing if one.function in functions] if functions else hearing
        return {one.function: self.invoke(one, batch(eventbridge(message), tries=tries)) for one in wanted}

    # -- AWS as the topology has it ---------------------------------------------------------------

    @contextlib.contextmanager
    def running(self) -> Iterator["System"]:
        """Within the block everything of the topology exists."""
        fixed = {"AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        fixed |= {"SERVICE": "test", "POWERTOOLS_METRICS_NAMESPACE": "Ticketing"}
        with environment(fixed, clear="AWS_"), mock_aws():
            env.forget()
            log.metrics.clear_metrics()
            self.keys, self.queues = build()
            boto3.DEFAULT_SESSION = _watched()  # moto begins each time without one
            _RUNNING.append(self)
            try:
                yield self
            finally:
                _RUNNING.remove(self)
                env.forget()

    @contextlib.contextmanager
    def acting(self, one: Trigger) -> Iterator[None]:
        """As this row's function: its environment, and no call that it is not granted."""
        before, self.current = self.current, one
        with environment(self.environment(one), clear=_OF_A_FUNCTION):
            try:
                yield
            finally:
                self.current = before

    def environment(self, one: Trigger) -> dict[str, str]:
        """The variables that the deployment would set for the row."""
        found = {"STAGE": "test", "MAX_RECEIVES": "5", "BUS_NAME": "ticketing", "FUNCTION": one.function}
        for grant in one.may:
            name = grant.env if isinstance(grant, Setting) else grant.resource.env
            found[name] = self._value(name)
        found |= {f"FUNCTION_{called.upper().replace('.', '_')}": called for called in one.calls}
        if isinstance(one, Timer):
            found["QUEUE_URL"] = self.queues[one.function]
        if isinstance(one, On) and one.sweeps:
            found["DEAD_LETTERS"] = ",".join(self.dead_letters(swept) for swept in one.sweeps)
        if isinstance(one, Route):
            found |= {"WHO": str(one.who), "ROUTE": one.call}
        return found

    def dead_letters(self, function: str) -> str:
        """The dead-letter queue of a consumer that somebody sweeps; nothing is put there but by a test."""
        return str(aws("sqs").create_queue(QueueName=f"dead-{function.replace('.', '-')}")["QueueUrl"])

    def scan(self, table: Table) -> list[dict[str, Any]]:
        """All items of a table, as plain values, ordered by key."""
        pages = aws("dynamodb").get_paginator("scan").paginate(TableName=physical(table))
        items = (store.unmarshal(image) for page in pages for image in page["Items"])
        return sorted(items, key=lambda item: (item["pk"], item["sk"]))

    def _value(self, name: str) -> str:
        if name.startswith("TABLE_"):
            return f"test-{name.removeprefix('TABLE_').lower()}"
        if name.startswith("BUCKET_"):
            return f"test-{name.removeprefix('BUCKET_').lower()}"
        if name.startswith("SECRET_"):
            return secret_name(name)
        return self.keys[name] if name.startswith("KEYS_") else SENDER if name == "SENDER" else self.values[name]

    # -- what stands between a function and AWS ----------------------------------------------------

    def authorise(self, one: Trigger, service: str, operation: str, params: Any) -> None:
        """Raises NotAllowed unless the row grants the call."""
        if service == "dynamodb":
            for table, action, index in _dynamodb_actions(operation, params):
                if not any(_grants(grant, table, action, index) for grant in one.may):
                    raise NotAllowed(f"{one.function} may not {action} on {table} {index or ''}")
            return
        if service == "s3":
            if not any(_grants_object(grant, operation, params) for grant in one.may):
                raise NotAllowed(f"{one.function} may not {operation} on {params['Bucket']}/{params.get('Key')}")
            return
        allowed = {action for grant in one.may if not isinstance(grant, Setting) for action in grant.actions}
        allowed |= {"PutEvents"} if isinstance(one, Stream) else set()
        allowed |= {"SendMessage"} if isinstance(one, Timer) else set()
        allowed |= {"Invoke"} if one.calls else set()
        allowed |= {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} if getattr(one, "sweeps", ()) else set()
        if operation not in allowed:
            raise NotAllowed(f"{one.function} may not {service}:{operation}")

    def intercept(self, operation: str, params: Any) -> Any:
        """What the bus, a timer's queue or a callee answers; None where moto answers."""
        # `params` is the serialised request here: JSON in the body for these three.
        carried = {"PutEvents": self._put, "SendMessage": self._send, "Invoke": self._ask}.get(operation)
        return (SimpleNamespace(status_code=200, headers={}, raw=None), carried(params)) if carried else None

    def _put(self, params: Any) -> dict[str, Any]:
        entries = json.loads(params["body"])["Entries"]
        self.bus += [
            {"detail-type": one["DetailType"], "source": one["Source"], "detail": json.loads(one["Detail"])}
            for one in entries
        ]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": str(uuid.uuid4())} for _ in entries]}

    def _send(self, params: Any) -> dict[str, Any]:
        sent = json.loads(params["body"])
        function = next(name for name, url in self.queues.items() if url == sent["QueueUrl"])
        self.sent.append((function, json.loads(sent["MessageBody"]), int(sent.get("DelaySeconds", 0))))
        return {"MessageId": str(uuid.uuid4())}

    def _ask(self, params: Any) -> dict[str, Any]:
        answer = self.invoke(params["url_path"].split("/")[-2], json.loads(params["body"]))
        return {"StatusCode": 200, "Payload": BytesIO(json.dumps(answer).encode())}


@cache
def _watched() -> boto3.Session:
    """The session of the functions' clients: its hooks stand between each of them and AWS."""

    def authorise(params: Any, event_name: str, **_rest: Any) -> None:
        for system in _RUNNING[-1:]:
            if system.current is not None:
                _, service, operation = event_name.split(".")
                system.authorise(system.current, service, operation, params)

    def intercept(params: Any, event_name: str, **_: Any) -> Any:
        return _RUNNING[-1].intercept(event_name.rsplit(".", maxsplit=1)[-1], params) if _RUNNING else None

    session = boto3.Session()
    session.events.register("provide-client-params", authorise)
    session.events.register("before-call", intercept)
    return session


def _grants(grant: Grant | Setting, table: str, action: str, index: str | None) -> bool:
    if isinstance(grant, Setting) or not isinstance(grant.resource, Table):
        return False
    return physical(grant.resource) == table and action in grant.actions and grant.index == index


def _grants_object(grant: Grant | Setting, action: str, params: Any) -> bool:
    if isinstance(grant, Setting) or not isinstance(grant.resource, Bucket):
        return False
    named = (physical(grant.resource), grant.resource.key) == (params["Bucket"], params.get("Key"))
    return named and action in grant.actions


def _dynamodb_actions(operation: str, params: Any) -> Iterator[tuple[str, str, str | None]]:
    if operation == "TransactWriteItems":
        for member in params["TransactItems"]:
            for kind, write in member.items():
                yield write["TableName"], _MEMBERS[kind], None
    elif operation == "BatchGetItem":
        yield from ((name, operation, None) for name in params["RequestItems"])
    else:
        yield params["TableName"], operation, params.get("IndexName")
