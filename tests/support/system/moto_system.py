"""The system on moto, for tests of the SDK's requests and responses."""

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
from infra.resource_types import Table
from infra.topology_types import FunctionSpec
from tests.support.faults.fault_points import TableAccess
from tests.support.system.moto_resources import (
    REGION,
    STAGE_SETTINGS,
    aws_client,
    create_resources,
    environment,
    physical_name,
)
from tests.support.system.system import System

_TRANSACTION_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_RUNNING: list["MotoSystem"] = []
_FUNCTION_VARIABLES = (
    "TABLE_",
    "BUCKET_",
    "SECRET_",
    "KEYS_",
    "FUNCTION_",
    "ACCESS",
    "ROUTE",
    "SENDER",
    "QUEUE_URL",
    *STAGE_SETTINGS,
)


class MotoSystem(System):
    """The tables, keys, secrets and queues of the topology, in moto."""

    # -- resources ---------------------------------------------------------------

    @contextlib.contextmanager
    def running(self) -> Iterator["MotoSystem"]:
        """Create the resources of the topology within the block."""
        fixed = {"AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        fixed |= {"SERVICE": "test", "POWERTOOLS_METRICS_NAMESPACE": "Ticketing"}
        with environment(fixed, hidden_prefixes="AWS_"), mock_aws():
            env.clear_cache()
            log.metrics.clear_metrics()
            self.keys, self.queues = create_resources()
            boto3.DEFAULT_SESSION = _instrumented_session()  # moto resets it
            _RUNNING.append(self)
            try:
                yield self
            finally:
                _RUNNING.remove(self)
                env.clear_cache()

    @contextlib.contextmanager
    def as_function(self, one: FunctionSpec) -> Iterator[None]:
        """Run the block as this row's function, with its environment and grants."""
        before, self.current_row = self.current_row, one
        with environment(self.environment(one), hidden_prefixes=_FUNCTION_VARIABLES):
            try:
                yield
            finally:
                self.current_row = before

    def dead_letters(self, function: str) -> str:
        """The DLQ of a consumer that an erasure purges; only tests put messages there."""
        return str(aws_client("sqs").create_queue(QueueName=f"dead-{function.replace('.', '-')}")["QueueUrl"])

    def scan(self, table: Table) -> list[dict[str, Any]]:
        """All items of a table, as plain values, ordered by key."""
        pages = aws_client("dynamodb").get_paginator("scan").paginate(TableName=physical_name(table))
        items = (store.unmarshal(image) for page in pages for image in page["Items"])
        return sorted(items, key=lambda item: (item["pk"], item["sk"]))

    def put_items(self, table: Table, *items: Item) -> None:
        for one in items:
            aws_client("dynamodb").put_item(TableName=physical_name(table), Item=store.marshal(one))

    def delete_item(self, table: Table, pk: str, sk: str) -> None:
        aws_client("dynamodb").delete_item(TableName=physical_name(table), Key=store.marshal({"pk": pk, "sk": sk}))

    def sent_mails(self) -> list[EmailMessage]:
        messages = sesv2_backends[DEFAULT_ACCOUNT_ID][REGION].core_backend.sent_messages
        return [email.message_from_string(one.raw_data, policy=default) for one in messages]

    # -- hooks before each call ----------------------------------------------------

    def authorise(self, one: FunctionSpec, service: str, operation: str, params: Any) -> None:
        if service == "dynamodb":
            self.authorise_tables(one, _dynamodb_actions(operation, params))
        else:
            super().authorise(one, service, operation, params)

    def intercept(self, operation: str, params: Any) -> Any:
        """The response of the bus, a timer's queue or an invoked function; None to pass the call to moto."""
        # `params` is the serialised request here: JSON in the body for all these.
        respond = {
            "PutEvents": self._put_events,
            "SendMessage": self._send_message,
            "ChangeMessageVisibility": self._change_visibility,
            "Invoke": self._invoke,
        }.get(operation)
        return (SimpleNamespace(status_code=200, headers={}, raw=None), respond(params)) if respond else None

    def _put_events(self, params: Any) -> dict[str, Any]:
        entries = json.loads(params["body"])["Entries"]
        self.bus += [
            {"detail-type": one["DetailType"], "source": one["Source"], "detail": json.loads(one["Detail"])}
            for one in entries
        ]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": str(uuid.uuid4())} for _ in entries]}

    def _send_message(self, params: Any) -> dict[str, Any]:
        request = json.loads(params["body"])
        function = next(name for name, url in self.queues.items() if url == request["QueueUrl"])
        self.delayed_messages.append(
            (function, json.loads(request["MessageBody"]), int(request.get("DelaySeconds", 0)))
        )
        return {"MessageId": str(uuid.uuid4())}

    def _change_visibility(self, params: Any) -> dict[str, Any]:
        request = json.loads(params["body"])
        function = next(name for name, url in self.queues.items() if url == request["QueueUrl"])
        self.visibility_changes.append((function, int(request["VisibilityTimeout"])))
        return {}

    def _invoke(self, params: Any) -> dict[str, Any]:
        result = self.invoke(params["url_path"].split("/")[-2], json.loads(params["body"]))
        return {"StatusCode": 200, "Payload": BytesIO(json.dumps(result).encode())}


@cache
def _instrumented_session() -> boto3.Session:
    """The session of the functions' clients, with hooks before each call."""

    def authorise(params: Any, event_name: str, **_rest: Any) -> None:
        for system in _RUNNING[-1:]:
            if system.current_row is not None:
                _, service, operation = event_name.split(".")
                system.authorise(system.current_row, service, operation, params)

    def intercept(params: Any, event_name: str, **_: Any) -> Any:
        return _RUNNING[-1].intercept(event_name.rsplit(".", maxsplit=1)[-1], params) if _RUNNING else None

    session = boto3.Session()
    session.events.register("provide-client-params", authorise)
    session.events.register("before-call", intercept)
    return session


def _dynamodb_actions(operation: str, params: Any) -> Iterator[TableAccess]:
    if operation == "TransactWriteItems":
        for member in params["TransactItems"]:
            for kind, write in member.items():
                yield write["TableName"], _TRANSACTION_ACTIONS[kind], None
    elif operation == "BatchGetItem":
        yield from ((name, operation, None) for name in params["RequestItems"])
    else:
        yield params["TableName"], operation, params.get("IndexName")
