"""Whoever leaves is nowhere in the deployed system any more: tables, indexes, objects, queues, logs."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from infra import topology
from infra.vocabulary import On
from local.client import Client
from local.people import choose, until
from local.stack import Stack
from tests.support.house import FREE, PAID, House
from tests.support.leaver import Leaver
from tests.support.stack import DEADLINE
from tests.support.traces import Markers, found

SECONDS = DEADLINE
PROVIDERS = b"[ses-v2] SESv2 SendEmail: "


class Deployed:
    """The house on the deployed system."""

    def __init__(self, home: House) -> None:
        self.stack = home.stack
        self.nobody, self.admin, self.organiser = home.nobody, home.admin, home.organiser.client
        self.friend, self.friend_id = home.stranger.client, home.stranger.id

    def ask(self, who: Client, call: str, body: Any = None, **headers: str) -> Any:
        method, address = call.split(" ", 1)

        def answered() -> list[Any] | None:
            answer = who.call(method, address, body, **headers)
            return [answer.json if answer.content else None] if answer.status < 300 else None

        return until(answered, call, seconds=SECONDS)[0]

    def refused(self, who: Client, call: str, body: Any = None) -> None:
        method, address = call.split(" ", 1)
        assert 400 <= who.call(method, address, body).status < 500

    def person(self, user_id: str, tokens: Mapping[str, Any]) -> Client:
        self.ask(self.admin, f"PUT /v1/users/{user_id}/roles", {"roles": ["organiser"]})
        tokens = self.ask(self.nobody, "POST /v1/token/refresh", {"refresh_token": tokens["refresh_token"]})
        return Client(self.nobody.api, tokens["access_token"])

    def pay(self, page: str) -> None:
        choose(page, "paid")

    def wait(self, until_so: Callable[[], bool], what: str) -> None:
        until(lambda: until_so() or None, what, seconds=SECONDS)

    def places(self) -> dict[str, bytes]:
        """Everything that the system keeps, and everything that it has logged."""
        return dict([*_tables(self.stack), *_objects(self.stack), *_queues(self.stack), *_logs(self.stack)])


def _tables(stack: Stack) -> Iterator[tuple[str, bytes]]:
    scan = stack.client("dynamodb").get_paginator("scan").paginate
    for table in topology.TABLES:
        name = stack.table(table.name)
        yield f"table {table.name}", repr(list(scan(TableName=name, ConsistentRead=True))).encode()
        for index in table.indexes:
            yield f"index {table.name}/{index.name}", repr(list(scan(TableName=name, IndexName=index.name))).encode()


def _objects(stack: Stack) -> Iterator[tuple[str, bytes]]:
    s3 = stack.client("s3")
    for bucket in topology.BUCKETS:
        name = stack.setting(bucket.env)
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in page.get("Versions", []):
                wanted = {"Bucket": name, "Key": one["Key"], "VersionId": one["VersionId"]}
                yield f"object {one['Key']} {one['VersionId']}", s3.get_object(**wanted)["Body"].read()


def _queues(stack: Stack) -> Iterator[tuple[str, bytes]]:
    # The emulator shows messages without receiving them: those in flight and those that sleep too.
    with urllib.request.urlopen(f"{stack.endpoint}/_ministack/sqs/messages", timeout=10) as answer:
        yield "queues", answer.read()


def _logs(stack: Stack) -> Iterator[tuple[str, bytes]]:
    logs = stack.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            events = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
            yield f"log {group['logGroupName']}", "\n".join(e["message"] for p in events for e in p["events"]).encode()
    for path in sorted(stack.state.glob("*.log")):
        # To whom a mail went the emulator notes where it stands for the mail provider, who is another.
        yield f"log {path.name}", b"\n".join(one for one in path.read_bytes().splitlines() if PROVIDERS not in one)


@pytest.fixture
def leaver(house: House) -> Leaver[Client]:
    types = [{"name": "Seat"} | PAID, {"name": "Floor"} | FREE]
    event = house.organiser.publishes(house.paid, "Farewell", types, staff=(house.staff.id,))
    return Leaver(Deployed(house), Markers(), event)


def test_of_who_is_erased_nothing_is_left(leaver: Leaver[Client]) -> None:
    world = leaver.world
    assert isinstance(world, Deployed)
    leaver.live()
    _die(world.stack, leaver)
    before = found(leaver.markers, world.places())

    leaver.leave()

    left = _after(world, leaver.markers)
    assert before.keys() == leaver.markers.forms().keys() - set(Markers.NEVER_KEPT)
    assert "queues" in before["email"]
    assert not left, f"left in {left}"
    assert leaver.me.call("GET", f"/v1/users/{leaver.user_id}").status in (401, 403, 404)


def _die(stack: Stack, leaver: Leaver[Client]) -> None:
    """Messages that say who it is lie among the dead letters, as if nobody could have handled them."""
    told = ("email", "user_name", "first_name", "last_name", "mobile_phone")
    said = {name: getattr(leaver.markers, name) for name in told} | {"user_id": leaver.user_id}
    for swept in (one for row in topology.ROWS if isinstance(row, On) for one in row.sweeps):
        body = json.dumps({"detail-type": "UserRegistered.v1", "detail": said})
        stack.client("sqs").send_message(QueueUrl=stack.dead_letters(swept), MessageBody=body)


def _after(world: Deployed, markers: Markers) -> list[str]:
    deadline = time.monotonic() + SECONDS
    while True:
        left = sorted({place for places in found(markers, world.places()).values() for place in places})
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.5)
