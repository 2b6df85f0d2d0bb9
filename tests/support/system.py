"""The real handlers, driven by the topology, on moto: each with only what its row grants it.

`System.http` calls a route's function as the gateway would; `System.deliver` wakes consumers with
bus events; `System.drain` carries outboxes to the bus and the bus to the consumers until nothing
is left. A call that a row does not grant fails, as IAM would fail it. Single-threaded truth only:
isolation is judged on the deployed stack.
"""

import contextlib
import importlib
import json
import os
import re
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.model import OperationModel
from common import env, ids, log
from common.bus import BusEvent
from moto import mock_aws

from infra import topology
from infra.vocabulary import Authorizer, Call, On, Route, Setting, Stream, Table, Timer, Trigger

REGION = "eu-central-1"
VALUES = {
    "TOKEN_ISSUER": "https://tickets.test",
    "PUBLIC_URL": "https://tickets.test",
    "PROVIDER_API": "https://tickets.test/sandbox",
    "SHORT_HOLDS": "1",
    "HOLD_BACKSTOP_SECONDS": "120",
}
SENDER = "tickets@tickets.test"
PROVIDER_SECRET = {"api_key": "sk_test_0123456789abcdef", "webhook_secret": "whsec_0123456789abcdef"}
_MEMBERS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


class NotAllowed(AssertionError):
    """A function made an SDK call that its row does not grant."""


def load(row: Trigger) -> Any:
    """The row's entry point, as Lambda would import it."""
    return importlib.import_module(row.function).handler


def row(function: str) -> Trigger:
    """The row of `<service>.<file>`."""
    return next(one for one in topology.ROWS if one.function == function)


def route(call: str) -> tuple[Route, dict[str, str]]:
    """The route that `METHOD /path` reaches, and its path parameters; literal paths win."""
    method, path = call.split(" ")
    routes = [one for one in topology.ROWS if isinstance(one, Route) and one.method == method]
    for one in sorted(routes, key=lambda r: r.path.count("{")):
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", one.path), path)
        if found:
            return one, found.groupdict()
    raise LookupError(call)


class Person:
    """A caller as the authorizer describes them."""

    def __init__(self, *roles: str, user_id: str | None = None) -> None:
        self.user_id = user_id or str(uuid.uuid4())
        self.session_id = str(uuid.uuid4())
        self.roles = roles


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
        context: dict[str, Any] = {"requestId": request_id or ids.new(), "http": {"method": found.method, "path": call.split(" ")[1]}}
        if by:
            context["authorizer"] = {"lambda": {"user_id": by.user_id, "session_id": by.session_id, "roles": " ".join(by.roles)}}
        text = raw.decode("utf-8", "surrogateescape") if raw is not None else json.dumps(body) if body is not None else None
        event = {
            "version": "2.0",
            "routeKey": found.call,
            "headers": sent,
            "requestContext": context,
            "pathParameters": path,
            "queryStringParameters": query,
            "body": text,
            "isBase64Encoded": False,
        }
        return Reply(self.invoke(found, {name: value for name, value in event.items() if value is not None}))

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
            self._build()
            yield self
            env.forget()

    @contextlib.contextmanager
    def acting(self, one: Trigger) -> Iterator[None]:
        """As this row's function: its environment, and no call that it is not granted."""
        before, self.current = self.current, one
        with environment(self.environment(one), clear=("TABLE_", "SECRET_", "KEYS_", "FUNCTION_", "WHO", "ROUTE", "SENDER", *VALUES)):
            try:
                yield
            finally:
                self.current = before

    def environment(self, one: Trigger) -> dict[str, str]:
        """The variables that the deployment would set for the row."""
        found = {"STAGE": "test", "MAX_RECEIVES": "5", "BUS_NAME": "ticketing", "SENDER": SENDER, "FUNCTION": one.function}
        for grant in one.may:
            name = grant.env if isinstance(grant, Setting) else grant.resource.env
            found[name] = self._value(name)
        found |= {f"FUNCTION_{called.upper().replace('.', '_')}": called for called in one.calls}
        if isinstance(one, Timer):
            found["QUEUE_URL"] = self.queues[one.function]
        if isinstance(one, Route):
            found |= {"WHO": str(one.who), "ROUTE": one.call}
        return found

    def scan(self, table: Table) -> list[dict[str, Any]]:
        """All items of a table, as plain values, ordered by key."""
        from common.store import unmarshal

        pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=physical(table))
        return sorted((unmarshal(image) for page in pages for image in page["Items"]), key=lambda i: (i["pk"], i["sk"]))

    def _value(self, name: str) -> str:
        if name.startswith("TABLE_"):
            return f"test-{name.removeprefix('TABLE_').lower()}"
        if name.startswith("SECRET_"):
            return f"ticketing/test/{name.removeprefix('SECRET_').lower().replace('_', '-')}"
        return self.keys[name] if name.startswith("KEYS_") else SENDER if name == "SENDER" else self.values[name]

    def _build(self) -> None:
        dynamodb, kms = boto3.client("dynamodb"), boto3.client("kms")
        for table in topology.TABLES:
            dynamodb.create_table(**_definition(table))
        for secret in topology.SECRETS:
            value = json.dumps(PROVIDER_SECRET) if secret.given else f"{secret.name}-0123456789abcdef0123456789abcdef"
            boto3.client("secretsmanager").create_secret(Name=self._value(secret.env), SecretString=value)
        spec = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
        made = [kms.create_key(**spec)["KeyMetadata"]["KeyId"] for _ in range(topology.TOKEN_KEYS.count)]
        self.keys[topology.TOKEN_KEYS.env] = ",".join(made)
        boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        boto3.client("events").create_event_bus(Name="ticketing")
        for one in topology.ROWS:
            if isinstance(one, Timer):
                name = one.function.replace(".", "-").replace("_", "-")
                self.queues[one.function] = boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        for service in ("dynamodb", "events", "sqs", "lambda", "kms", "secretsmanager", "sesv2"):
            self._watch(env.client(service), service)

    # -- what stands between a function and AWS ----------------------------------------------------

    def _watch(self, client: Any, service: str) -> None:
        def authorise(params: Any, model: OperationModel, **_: Any) -> Any:
            if self.current is not None:
                self._authorise(self.current, service, model.name, params)

        def intercept(params: Any, model: OperationModel, **_: Any) -> Any:
            return self._intercept(service, model.name, params)

        client.meta.events.register(f"provide-client-params.{service}", authorise)
        client.meta.events.register(f"before-call.{service}", intercept)

    def _authorise(self, one: Trigger, service: str, operation: str, params: Any) -> None:
        if service == "dynamodb":
            for table, action, index in _dynamodb_actions(operation, params):
                granted = [g for g in one.may if not isinstance(g, Setting) and isinstance(g.resource, Table)]
                if not any(physical(g.resource) == table and action in g.actions and g.index == index for g in granted):  # type: ignore[arg-type]
                    raise NotAllowed(f"{one.function} may not {action} on {table} {index or ''}")
            return
        allowed = {action for g in one.may if not isinstance(g, Setting) for action in g.actions}
        allowed |= {"PutEvents"} if isinstance(one, Stream) else set()
        allowed |= {"SendMessage"} if isinstance(one, Timer) else set()
        allowed |= {"Invoke"} if one.calls else set()
        if operation not in allowed:
            raise NotAllowed(f"{one.function} may not {service}:{operation}")

    def _intercept(self, service: str, operation: str, params: Any) -> Any:
        # `params` is the serialised request here: JSON in the body for these three.
        if (service, operation) == ("events", "PutEvents"):
            entries = json.loads(params["body"])["Entries"]
            self.bus += [{"detail-type": e["DetailType"], "source": e["Source"], "detail": json.loads(e["Detail"])} for e in entries]
            return _ok(), {"FailedEntryCount": 0, "Entries": [{"EventId": str(uuid.uuid4())} for _ in entries]}
        if (service, operation) == ("sqs", "SendMessage"):
            sent = json.loads(params["body"])
            function = next(f for f, url in self.queues.items() if url == sent["QueueUrl"])
            self.sent.append((function, json.loads(sent["MessageBody"]), int(sent.get("DelaySeconds", 0))))
            return _ok(), {"MessageId": str(uuid.uuid4())}
        if (service, operation) == ("lambda", "Invoke"):
            from io import BytesIO

            function = params["url_path"].split("/")[-2]
            answer = self.invoke(function, json.loads(params["body"]))
            return _ok(), {"StatusCode": 200, "Payload": BytesIO(json.dumps(answer).encode())}
        return None


def physical(table: Table) -> str:
    return f"test-{table.name}"


def eventbridge(message: BusEvent) -> dict[str, Any]:
    """The message as a rule puts it into a queue."""
    return {
        "detail-type": message.wire_name(),
        "source": message.source,
        "detail": json.loads(message.model_dump_json()),
    }


def batch(*envelopes: dict[str, Any], tries: int = 1) -> dict[str, Any]:
    """The envelopes as one SQS batch."""
    attributes = {"ApproximateReceiveCount": str(tries), "SentTimestamp": "0", "SenderId": "x", "ApproximateFirstReceiveTimestamp": "0"}
    records = [
        {"messageId": str(uuid.uuid4()), "receiptHandle": "r", "body": json.dumps(one), "attributes": attributes, "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:1:q", "awsRegion": REGION}
        for one in envelopes
    ]  # fmt: skip
    return {"Records": records}


@contextlib.contextmanager
def environment(values: dict[str, str], clear: str | tuple[str, ...] = ()) -> Iterator[None]:
    """Set these variables and hide those that start with `clear`, for the time of the block."""
    before = dict(os.environ)
    for name in list(os.environ):
        if clear and name.startswith(clear) and name not in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _ok() -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(status_code=200, headers={}, raw=None)


def _definition(table: Table) -> dict[str, Any]:
    names = {"pk", "sk"} | {key for i in table.indexes for key in (i.pk, i.sk) if key}
    indexes = [
        {
            "IndexName": i.name,
            "KeySchema": [{"AttributeName": i.pk, "KeyType": "HASH"}] + ([{"AttributeName": i.sk, "KeyType": "RANGE"}] if i.sk else []),
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        for i in table.indexes
    ]
    return {
        "TableName": physical(table),
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in sorted(names)],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    } | ({"GlobalSecondaryIndexes": indexes} if indexes else {})


def _dynamodb_actions(operation: str, params: Any) -> Iterator[tuple[str, str, str | None]]:
    if operation == "TransactWriteItems":
        for member in params["TransactItems"]:
            for kind, write in member.items():
                yield write["TableName"], _MEMBERS[kind], None
    elif operation == "BatchGetItem":
        yield from ((name, operation, None) for name in params["RequestItems"])
    else:
        yield params["TableName"], operation, params.get("IndexName")
