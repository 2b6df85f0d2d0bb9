"""One deployed system by the topology's names, found in what its stacks tell (CloudFormation's outputs)."""

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
from infra.vocabulary import Every, On, Stream, Trigger
from local.progress import CannotGoOn
from local.stack import Ports, Stack, listens
from local.up import STATE, record

LOCAL = "local"
# A call may take as long as the slowest function, and must not be repeated while the first still works.
_PATIENT = {"read_timeout": max(one.seconds for one in topology.ROWS) + 30, "retries": {"total_max_attempts": 1}}
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
        settings: dict[str, Any] = _PATIENT if service == "lambda" else {}
        return self._local.client(service, **settings) if self._local else make(service, config=Config(**settings))

    @cached_property
    def _told(self) -> Mapping[str, str]:
        pages = self.client("cloudformation").get_paginator("describe_stacks").paginate()
        ours = [
            one for page in pages for one in page["Stacks"] if one["StackName"].startswith(f"Ticketing-{self.stage}-")
        ]
        if not ours:
            raise CannotGoOn(f"There is no stage {self.stage} in this account and region.")
        return {told["OutputKey"]: told["OutputValue"] for one in ours for told in one.get("Outputs", [])}

    def _output(self, key: str) -> str:
        if key not in self._told:
            how = "start it afresh with make down and make up" if self._local else "deploy it again"
            raise CannotGoOn(f"Stage {self.stage} has no output {key}: {how}.")
        return self._told[key]

    # Looking things up by the topology's names

    def table(self, name: str) -> str:
        return self._output(f"Table{name.title()}")

    @property
    def bus(self) -> str:
        return self._output("BusName")

    def function(self, name: str) -> str:
        return self._output(_named("Function", row(name)))

    def queue(self, function: str) -> str:
        """The address of the queue that wakes the function."""
        return self._output(_named("Queue", row(function)))

    def dead_letters(self, function: str) -> tuple[str, ...]:
        """The addresses of the queues where messages end that it could not handle, or that did not reach it."""
        one = row(function)
        return tuple(
            self._output(_named(kind, one)) for kind in ("Dlq", *(["Undelivered"] if isinstance(one, On) else []))
        )

    # Reading

    def item(self, table: str, pk: str, sk: str) -> Item | None:
        """The item as plain values, or None."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        found = self.client("dynamodb").get_item(TableName=self.table(table), Key=key, ConsistentRead=True)
        return unmarshal(found["Item"]) if "Item" in found else None

    def of_user(self, table: str, user_id: str) -> Iterator[Item]:
        """All items of the table's index `by_user` that are this user's."""
        asked = {"KeyConditionExpression": "user_id = :user", "ExpressionAttributeValues": {":user": {"S": user_id}}}
        pages = (
            self.client("dynamodb")
            .get_paginator("query")
            .paginate(TableName=self.table(table), IndexName="by_user", **asked)
        )
        for page in pages:
            for one in page["Items"]:
                found = self.item(table, one["pk"]["S"], one["sk"]["S"])
                if found:
                    yield found

    def lines(self, function: str, word: str, since: datetime, until: datetime) -> list[Item]:
        """The function's log lines that hold the word, as the objects that they are, in their order."""
        told = self.client("lambda").get_function_configuration(FunctionName=self.function(function))
        group = told.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{told['FunctionName']}"
        logs, asked = self.client("logs"), {"startTime": _millis(since), "endTime": _millis(until)}
        try:
            pages = list(
                logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern=f'"{word}"', **asked)
            )
        except logs.exceptions.ResourceNotFoundException:
            return []  # it has never run
        return [line for page in pages for event in page["events"] if (line := _object(event["message"]))]

    def invoke(self, function: str, payload: dict[str, Any]) -> Any:
        """What the function answers. Raises CannotGoOn."""
        answer = self.client("lambda").invoke(
            FunctionName=self.function(function), Payload=json.dumps(payload).encode()
        )
        text = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise CannotGoOn(f"{function} failed: {text}")
        return json.loads(text or "null")


def consumers(named: Sequence[str] = ()) -> list[On]:
    """The topology's consumers and timers; these, if any are named. Raises CannotGoOn."""
    found = [one for one in topology.ROWS if isinstance(one, On)]
    known = {one.function for one in found}
    if unknown := [name for name in named if name not in known]:
        raise CannotGoOn(f"No consumer is called {unknown[0]}; docs/topology.md lists them.")
    return [one for one in found if not named or one.function in named]


def watched(named: Sequence[str] = ()) -> list[Trigger]:
    """Those, and who reads streams or is woken by the clock; these, if any are named. Raises CannotGoOn."""
    others = [one for one in topology.ROWS if isinstance(one, Stream | Every)]
    wanted = [one for one in others if not named or one.function in named]
    known = {one.function for one in others}
    rest = [name for name in named if name not in known]
    return [*(consumers(rest) if rest or not named else []), *wanted]


def _ports() -> Ports:
    if os.environ.get("TICKETING_EMULATOR_PORT"):
        return Ports.from_environment()
    known = record(STATE).get("ports")
    if known and listens(known["emulator"]):
        return Ports(**known)
    raise CannotGoOn("Nothing runs here: start it with make up, or name a stage with --stage.")


def row(function: str) -> Trigger:
    return next(one for one in topology.ROWS if one.function == function)


def _named(kind: str, one: Trigger) -> str:
    return f"{kind}{one.service.title()}{one.construct_id}"


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _object(line: str) -> Item | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
