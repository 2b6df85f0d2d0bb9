"""One deployed system by the topology's names, found in its stacks' CloudFormation outputs."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from common.store import unmarshal
from infra import topology
from infra.topology_types import FunctionSpec, Schedule, Stream, Subscription
from local.progress import CommandError
from local.stack import Ports, Stack, is_listening
from local.up import STATE, last_start

LOCAL = "local"
# A call may take as long as the slowest function, and must not be repeated while the first still runs.
_LAMBDA_CLIENT_SETTINGS = {
    "read_timeout": max(one.timeout for one in topology.ROWS) + 30,
    "retries": {"total_max_attempts": 1},
}
Item = dict[str, Any]


class Deployment:
    """A stage of the system: `local`, which `make up` starts, or one in the account of the environment."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self._local = Stack(_ports(), STATE) if stage == LOCAL else None

    def client(self, service: str) -> Any:
        """A client of the account that the stage is in."""
        if service not in self._clients:
            self._clients[service] = self._client(service)
        return self._clients[service]

    @cached_property
    def _clients(self) -> dict[str, Any]:
        return {}

    def _client(self, service: str) -> Any:
        make: Any = boto3.client  # its overloads are one per service
        settings: dict[str, Any] = _LAMBDA_CLIENT_SETTINGS if service == "lambda" else {}
        return self._local.client(service, **settings) if self._local else make(service, config=Config(**settings))

    @cached_property
    def _outputs(self) -> Mapping[str, str]:
        pages = self.client("cloudformation").get_paginator("describe_stacks").paginate()
        stacks = [
            one for page in pages for one in page["Stacks"] if one["StackName"].startswith(f"Ticketing-{self.stage}-")
        ]
        if not stacks:
            raise CommandError(f"There is no stage {self.stage} in this account and region.")
        return {output["OutputKey"]: output["OutputValue"] for one in stacks for output in one.get("Outputs", [])}

    def _output(self, key: str) -> str:
        if key not in self._outputs:
            remedy = "start it again with make down and make up" if self._local else "deploy it again"
            raise CommandError(f"Stage {self.stage} has no output {key}: {remedy}.")
        return self._outputs[key]

    # Looking things up by the topology's names

    def table(self, name: str) -> str:
        return self._output(f"Table{name.title()}")

    @property
    def bus(self) -> str:
        return self._output("BusName")

    def function(self, name: str) -> str:
        return self._output(_output_key("Function", topology_row(name)))

    def queue(self, function: str) -> str:
        """The URL of the function's queue."""
        return self._output(_output_key("Queue", topology_row(function)))

    def dead_letters(self, function: str) -> tuple[str, ...]:
        """The URLs of the function's dead-letter queue and, for a consumer, of its undelivered messages."""
        one = topology_row(function)
        return tuple(
            self._output(_output_key(kind, one))
            for kind in ("Dlq", *(["Undelivered"] if isinstance(one, Subscription) else []))
        )

    # Reading

    def item(self, table: str, pk: str, sk: str) -> Item | None:
        """The item as plain values, or None."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        found = self.client("dynamodb").get_item(TableName=self.table(table), Key=key, ConsistentRead=True)
        return unmarshal(found["Item"]) if "Item" in found else None

    def items_by_user(self, table: str, user_id: str) -> Iterator[Item]:
        """All items of this user in the table's index `by_user`."""
        query = {"KeyConditionExpression": "user_id = :user", "ExpressionAttributeValues": {":user": {"S": user_id}}}
        pages = (
            self.client("dynamodb")
            .get_paginator("query")
            .paginate(TableName=self.table(table), IndexName="by_user", **query)
        )
        for page in pages:
            for one in page["Items"]:
                found = self.item(table, one["pk"]["S"], one["sk"]["S"])
                if found:
                    yield found

    def log_lines(self, function: str, text: str, since: datetime, until: datetime) -> list[Item]:
        """The function's JSON log lines that contain the text, in order."""
        configuration = self.client("lambda").get_function_configuration(FunctionName=self.function(function))
        group = configuration.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{configuration['FunctionName']}"
        logs, time_range = (
            self.client("logs"),
            {"startTime": _epoch_milliseconds(since), "endTime": _epoch_milliseconds(until)},
        )
        try:
            pages = list(
                logs.get_paginator("filter_log_events").paginate(
                    logGroupName=group, filterPattern=f'"{text}"', **time_range
                )
            )
        except logs.exceptions.ResourceNotFoundException:
            return []  # it has never run
        return [line for page in pages for event in page["events"] if (line := _parse_object(event["message"]))]

    def invoke(self, function: str, payload: dict[str, Any]) -> Any:
        """The function's result. Raises CommandError if it failed."""
        response = self.client("lambda").invoke(
            FunctionName=self.function(function), Payload=json.dumps(payload).encode()
        )
        text = response["Payload"].read().decode()
        if "FunctionError" in response:
            raise CommandError(f"{function} failed: {text}")
        return json.loads(text or "null")


def consumers(names: Sequence[str] = ()) -> list[Subscription]:
    """The topology's consumers and timers, or the named ones. Raises CommandError."""
    found = [one for one in topology.ROWS if isinstance(one, Subscription)]
    known_names = {one.function for one in found}
    if unknown := [name for name in names if name not in known_names]:
        raise CommandError(f"No consumer is called {unknown[0]}; docs/topology.md lists them.")
    return [one for one in found if not names or one.function in names]


def functions_with_dead_letters(names: Sequence[str] = ()) -> list[FunctionSpec]:
    """Consumers, stream readers and scheduled functions, or the named ones. Raises CommandError."""
    others = [one for one in topology.ROWS if isinstance(one, Stream | Schedule)]
    selected = [one for one in others if not names or one.function in names]
    known_names = {one.function for one in others}
    rest = [name for name in names if name not in known_names]
    return [*(consumers(rest) if rest or not names else []), *selected]


def _ports() -> Ports:
    if os.environ.get("TICKETING_EMULATOR_PORT"):
        return Ports.from_environment()
    recorded_ports = last_start(STATE).get("ports")
    if recorded_ports and is_listening(recorded_ports["emulator"]):
        return Ports(**recorded_ports)
    raise CommandError("Nothing runs here: start it with make up, or name a stage with --stage.")


def topology_row(function: str) -> FunctionSpec:
    return next(one for one in topology.ROWS if one.function == function)


def _output_key(kind: str, one: FunctionSpec) -> str:
    return f"{kind}{one.service.title()}{one.construct_id}"


def _epoch_milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _parse_object(line: str) -> Item | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
