"""End to end: every personal field is found somewhere before erasure, and none after it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from common.bus.user import UserErased
from infra.topology import ROWS
from infra.topology_types import Subscription
from tests.support.drivers.saga_driver import Saga
from tests.support.faults.source_patches import SourcePatch, failing_tests
from tests.support.fixtures.erasure_scenario import ErasureScenario
from tests.support.fixtures.pii_markers import PiiMarkers, find_markers
from tests.support.fixtures.scenarios import PRICE, Scenario, build_scenario, publish_event, type_request
from tests.support.system.log_capture import LogCapture, capture_logs
from tests.support.system.system import Person

PROOF = "tests/component/erasure/test_proof.py::test_erasure_leaves_no_personal_data"
TABLES = {  # of each service that erases
    "auth": "auth",
    "booking": "bookings",
    "events": "events",
    "notify": "notifications",
    "payment": "payments",
    "ticket": "tickets",
}
DISABLED_ERASERS = {
    table: SourcePatch(f"functions/{service}/timers/on_user_erased.py", "erasure.erase_user_data)", "str)")
    for service, table in TABLES.items()
} | {
    "users": SourcePatch(
        "functions/user/core/erasure.py", "removes=sorted(profile.keys() - _TOMBSTONE_ATTRIBUTES),", "removes=[],"
    )
}


class SagaErasureTransport:
    """Runs the erasure scenario on the saga driver."""

    def __init__(self, saga: Saga, scenario: Scenario, logs: LogCapture) -> None:
        self.saga, self.lines = saga, logs
        self.anonymous: Person | None = None
        self.organiser: Person | None = scenario.organiser
        self.friend: Person | None = scenario.other
        self.friend_id = scenario.other.user_id

    def request_json(self, caller: Person | None, call: str, body: Any = None, **headers: str) -> Any:
        sent_headers = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        while (response := self.saga.http(call, body, by=caller, headers=sent_headers)).status >= 300:
            assert self.saga.make_progress(), f"{call}: {response.status} {response.text}"
        return response.json if response.text else None

    def expect_refusal(self, caller: Person | None, call: str, body: Any = None) -> None:
        assert 400 <= self.saga.http(call, body, by=caller).status < 500

    def log_in_organiser(self, user_id: str, tokens: Mapping[str, Any]) -> Person:
        assert tokens["access_token"]
        return Person("organiser", user_id=user_id)

    def pay(self, page: str) -> None:
        self.saga.choose_outcome(page, "paid")

    def wait_for(self, condition: Callable[[], bool], description: str) -> None:
        while not condition():
            assert self.saga.make_progress(), description

    def searchable_content(self) -> dict[str, bytes]:
        """Return everything stored, queued and logged, by place."""
        stored = {f"table {name}": repr(items) for name, items in self.saga.tables().items()}
        stored |= {"queues": json.dumps([delivery.envelope for delivery in [*self.saga.queue, *self.saga.held_back]])}
        stored |= {
            "dead letters": json.dumps([delivery.envelope for delivery in self.saga.dead_letters]),
            "log": self.lines.text(),
        }
        return {name: text.encode() for name, text in stored.items()} | dict(self._objects())

    def _objects(self) -> Iterator[tuple[str, bytes]]:
        for (bucket, key), versions in self.saga.system.sdk.objects.items():
            for number, content in enumerate(versions):
                yield f"object {bucket}/{key} {number}", content


@pytest.fixture
def transport() -> Iterator[SagaErasureTransport]:
    with Saga.running() as saga, capture_logs() as lines:
        scenario = build_scenario(saga)
        saga.drain_until_idle()
        yield SagaErasureTransport(saga, scenario, lines)


@pytest.fixture
def erasure_scenario(transport: SagaErasureTransport) -> ErasureScenario[Person | None]:
    category = transport.request_json(transport.anonymous, "GET /v1/categories")["items"][0]["id"]
    assert transport.organiser
    event = publish_event(
        transport.saga,
        transport.organiser,
        category,
        "Farewell",
        type_request("Seat", 5, PRICE),
        type_request("Floor", 5, 0),
    )
    transport.saga.drain()
    return ErasureScenario(
        transport, PiiMarkers(), {"id": event.id, "types": [{"id": type_id} for type_id in event.types]}
    )


def test_erasure_leaves_no_personal_data(
    transport: SagaErasureTransport, erasure_scenario: ErasureScenario[Person | None]
) -> None:
    erasure_scenario.leave_traces()
    before = find_markers(erasure_scenario.markers, transport.searchable_content())

    erasure_scenario.erase_account()
    transport.saga.drain_until_idle()

    assert before.keys() == erasure_scenario.markers.search_forms().keys() - set(PiiMarkers.NEVER_STORED)
    leaks = {
        place
        for places in find_markers(erasure_scenario.markers, transport.searchable_content()).values()
        for place in places
    }
    assert not leaks, f"left in {sorted(leaks)}"
    assert transport.saga.dead_letters == []


def test_every_eraser_has_a_control() -> None:
    erasers = {row.service for row in ROWS if isinstance(row, Subscription) and UserErased in row.events}

    assert erasers == TABLES.keys() | {"user"}


@pytest.mark.parametrize("table", DISABLED_ERASERS)
def test_disabled_eraser_leaves_personal_data(table: str) -> None:
    failed, output = failing_tests([PROOF], DISABLED_ERASERS[table])

    assert failed == [PROOF], output
    assert f"left in ['table {table}']" in output, output
