"""No data of an erased user remain in the deployed system: tables, indexes, objects, queues, logs."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from infra import topology
from infra.topology_types import Subscription
from local.actors import choose_outcome, wait_for
from local.client import Client
from local.stack import Stack
from tests.support.fixtures.e2e_fixture import FREE, PAID, E2EFixture
from tests.support.fixtures.erasure_scenario import ErasureScenario
from tests.support.fixtures.pii_markers import PiiMarkers, find_markers
from tests.support.system.e2e_stack import DEADLINE

SECONDS = DEADLINE
EMULATED_SES_LOG = b"[ses-v2] SESv2 SendEmail: "


class DeployedErasureTransport:
    """The erasure scenario on the deployed system."""

    def __init__(self, e2e: E2EFixture) -> None:
        self.stack = e2e.stack
        self.anonymous, self.admin, self.organiser = e2e.anonymous, e2e.admin, e2e.organiser.client
        self.friend, self.friend_id = e2e.stranger.client, e2e.stranger.id

    def request_json(self, caller: Client, call: str, body: Any = None, **headers: str) -> Any:
        method, address = call.split(" ", 1)

        def poll() -> list[Any] | None:
            response = caller.request(method, address, body, **headers)
            return [response.json if response.content else None] if response.status < 300 else None

        return wait_for(poll, call, seconds=SECONDS)[0]

    def expect_refusal(self, caller: Client, call: str, body: Any = None) -> None:
        method, address = call.split(" ", 1)
        assert 400 <= caller.request(method, address, body).status < 500

    def log_in_organiser(self, user_id: str, tokens: Mapping[str, Any]) -> Client:
        self.request_json(self.admin, f"PUT /v1/users/{user_id}/roles", {"roles": ["organiser"]})
        tokens = self.request_json(self.anonymous, "POST /v1/token/refresh", {"refresh_token": tokens["refresh_token"]})
        return Client(self.anonymous.api, tokens["access_token"])

    def pay(self, page: str) -> None:
        choose_outcome(page, "paid")

    def wait_for(self, condition: Callable[[], bool], description: str) -> None:
        wait_for(lambda: condition() or None, description, seconds=SECONDS)

    def searchable_content(self) -> dict[str, bytes]:
        """All stored and logged data of the system, by origin."""
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
        name = stack.environment_value(bucket.env)
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in page.get("Versions", []):
                version = {"Bucket": name, "Key": one["Key"], "VersionId": one["VersionId"]}
                yield f"object {one['Key']} {one['VersionId']}", s3.get_object(**version)["Body"].read()


def _queues(stack: Stack) -> Iterator[tuple[str, bytes]]:
    # The emulator lists messages without receiving them, in-flight and delayed ones included.
    with urllib.request.urlopen(f"{stack.endpoint}/_ministack/sqs/messages", timeout=10) as response:
        yield "queues", response.read()


def _logs(stack: Stack) -> Iterator[tuple[str, bytes]]:
    logs = stack.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            events = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
            yield f"log {group['logGroupName']}", "\n".join(e["message"] for p in events for e in p["events"]).encode()
    paths = sorted(stack.state.glob("*.log"))
    assert len(paths) >= 3, paths  # emulator, supervisor and deployment
    for path in paths:
        # The emulator logs recipients on behalf of SES, which is not part of the system.
        yield (
            f"log {path.name}",
            b"\n".join(one for one in path.read_bytes().splitlines() if EMULATED_SES_LOG not in one),
        )


@pytest.fixture
def erasure(e2e: E2EFixture) -> ErasureScenario[Client]:
    types = [{"name": "Seat"} | PAID, {"name": "Floor"} | FREE]
    event = e2e.organiser.publish_event(e2e.paid_category, "Erasure", types, staff=(e2e.staff.id,))
    return ErasureScenario(DeployedErasureTransport(e2e), PiiMarkers(), event)


def test_erasure_leaves_no_personal_data(erasure: ErasureScenario[Client]) -> None:
    transport = erasure.transport
    assert isinstance(transport, DeployedErasureTransport)
    erasure.leave_traces()
    _send_dead_letters(transport.stack, erasure)
    before = find_markers(erasure.markers, transport.searchable_content())

    erasure.erase_account()

    remaining = _remaining_places(transport, erasure.markers)
    assert before.keys() == erasure.markers.search_forms().keys() - set(PiiMarkers.NEVER_STORED)
    assert "queues" in before["email"]
    assert not remaining, f"personal data in {remaining}"
    assert erasure.caller.request("GET", f"/v1/users/{erasure.user_id}").status in (401, 403, 404)


def _send_dead_letters(stack: Stack, erasure: ErasureScenario[Client]) -> None:
    """Put messages with the user's data into dead-letter queues."""
    fields = ("email", "user_name", "first_name", "last_name", "mobile_phone")
    detail = {name: getattr(erasure.markers, name) for name in fields} | {"user_id": erasure.user_id}
    for function in (one for row in topology.ROWS if isinstance(row, Subscription) for one in row.purges_dlq_of):
        body = json.dumps({"detail-type": "UserRegistered.v1", "detail": detail})
        stack.client("sqs").send_message(QueueUrl=stack.dead_letters(function), MessageBody=body)


def _remaining_places(transport: DeployedErasureTransport, markers: PiiMarkers) -> list[str]:
    deadline = time.monotonic() + SECONDS
    while True:
        remaining = sorted(
            {place for places in find_markers(markers, transport.searchable_content()).values() for place in places}
        )
        if not remaining or time.monotonic() > deadline:
            return remaining
        time.sleep(0.5)
