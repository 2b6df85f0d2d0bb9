"""The system on moto, for tests that look at the SDK's own calls: what goes over the wire, and what it may answer."""

import contextlib
import email
import json
import uuid
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from functools import cache
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import boto3
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sesv2.models import sesv2_backends

from common import env, log, store
from common.store import Item
from infra.vocabulary import Table, Trigger
from tests.support.cloud import REGION, VALUES, aws, build, environment, physical
from tests.support.deliveries import Asked
from tests.support.system import System

_MEMBERS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_RUNNING: list["Moto"] = []
_OF_A_FUNCTION = ("TABLE_", "BUCKET_", "SECRET_", "KEYS_", "FUNCTION_", "WHO", "ROUTE", "SENDER", "QUEUE_URL", *VALUES)


class Moto(System):
    """All tables, keys, secrets and queues of the topology, in moto."""

    # -- AWS as the topology has it ---------------------------------------------------------------

    @contextlib.contextmanager
    def running(self) -> Iterator["Moto"]:
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

    def dead_letters(self, function: str) -> str:
        """The dead-letter queue of a consumer that somebody sweeps; nothing is put there but by a test."""
        return str(aws("sqs").create_queue(QueueName=f"dead-{function.replace('.', '-')}")["QueueUrl"])

    def scan(self, table: Table) -> list[dict[str, Any]]:
        """All items of a table, as plain values, ordered by key."""
        pages = aws("dynamodb").get_paginator("scan").paginate(TableName=physical(table))
        items = (store.unmarshal(image) for page in pages for image in page["Items"])
        return sorted(items, key=lambda item: (item["pk"], item["sk"]))

    def put(self, table: Table, *items: Item) -> None:
        for one in items:
            aws("dynamodb").put_item(TableName=physical(table), Item=store.marshal(one))

    def remove(self, table: Table, pk: str, sk: str) -> None:
        aws("dynamodb").delete_item(TableName=physical(table), Key=store.marshal({"pk": pk, "sk": sk}))

    def mails(self) -> list[EmailMessage]:
        sent = sesv2_backends[DEFAULT_ACCOUNT_ID][REGION].core_backend.sent_messages
        return [email.message_from_string(one.raw_data, policy=default) for one in sent]

    # -- what stands between a function and AWS ----------------------------------------------------

    def authorise(self, one: Trigger, service: str, operation: str, params: Any) -> None:
        if service == "dynamodb":
            self.authorise_tables(one, _dynamodb_actions(operation, params))
        else:
            super().authorise(one, service, operation, params)

    def intercept(self, operation: str, params: Any) -> Any:
        """What the bus, a timer's queue or a callee answers; None where moto answers."""
        # `params` is the serialised request here: JSON in the body for all these.
        carried = {
            "PutEvents": self._put,
            "SendMessage": self._send,
            "ChangeMessageVisibility": self._hasten,
            "Invoke": self._ask,
        }.get(operation)
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

    def _hasten(self, params: Any) -> dict[str, Any]:
        asked = json.loads(params["body"])
        function = next(name for name, url in self.queues.items() if url == asked["QueueUrl"])
        self.hastened.append((function, int(asked["VisibilityTimeout"])))
        return {}

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


def _dynamodb_actions(operation: str, params: Any) -> Iterator[Asked]:
    if operation == "TransactWriteItems":
        for member in params["TransactItems"]:
            for kind, write in member.items():
                yield write["TableName"], _MEMBERS[kind], None
    elif operation == "BatchGetItem":
        yield from ((name, operation, None) for name in params["RequestItems"])
    else:
        yield params["TableName"], operation, params.get("IndexName")
