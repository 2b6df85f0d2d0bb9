"""Whoever leaves is nowhere any more: every field was somewhere before, and none of them is after."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from common.bus.user import UserErased
from infra.topology import ROWS
from infra.vocabulary import On
from tests.support.builders import PRICE, House, house, kind, show
from tests.support.leaver import Leaver
from tests.support.lines import Lines, logged
from tests.support.mutation import Change, failures
from tests.support.saga import Saga
from tests.support.system import Person
from tests.support.traces import Markers, found

PROOF = "tests/component/test_erasing_proof.py::test_of_who_is_erased_nothing_is_left"
TABLES = {  # of the services that have an eraser
    "auth": "auth",
    "booking": "bookings",
    "events": "events",
    "notify": "notifications",
    "payment": "payments",
    "ticket": "tickets",
}
OFF = {
    table: Change(f"functions/{service}/on_user_erased.py", "twice(erased, erasing.forget)", "twice(erased, str)")
    for service, table in TABLES.items()
} | {"users": Change("functions/user/core/erasing.py", "removes=sorted(before.keys() - _KEPT),", "removes=[],")}


class Driven:
    """A house in the saga's driver."""

    def __init__(self, saga: Saga, home: House, lines: Lines) -> None:
        self.saga, self.lines = saga, lines
        self.nobody: Person | None = None
        self.organiser: Person | None = home.organiser
        self.friend: Person | None = home.other
        self.friend_id = home.other.user_id

    def ask(self, who: Person | None, call: str, body: Any = None, **headers: str) -> Any:
        sent = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        while (reply := self.saga.http(call, body, by=who, headers=sent)).status >= 300:
            assert self.saga.progress(), f"{call}: {reply.status} {reply.text}"
        return reply.json if reply.text else None

    def refused(self, who: Person | None, call: str, body: Any = None) -> None:
        assert 400 <= self.saga.http(call, body, by=who).status < 500

    def person(self, user_id: str, tokens: Mapping[str, Any]) -> Person:
        assert tokens["access_token"]
        return Person("organiser", user_id=user_id)

    def pay(self, page: str) -> None:
        self.saga.press(page, "paid")

    def wait(self, until: Callable[[], bool], what: str) -> None:
        while not until():
            assert self.saga.progress(), what

    def places(self) -> dict[str, bytes]:
        """Everything that the system keeps, and everything that it has logged."""
        kept = {f"table {name}": repr(items) for name, items in self.saga.tables().items()}
        kept |= {"queues": json.dumps([one.envelope for one in [*self.saga.queue, *self.saga.held]])}
        kept |= {"dead letters": json.dumps([one.envelope for one in self.saga.dead]), "log": self.lines.text()}
        return {name: text.encode() for name, text in kept.items()} | dict(self._objects())

    def _objects(self) -> Iterator[tuple[str, bytes]]:
        for (bucket, key), versions in self.saga.system.sdk.objects.items():
            for at, content in enumerate(versions):
                yield f"object {bucket}/{key} {at}", content


@pytest.fixture
def world() -> Iterator[Driven]:
    with Saga.running() as saga, logged() as lines:
        home = house(saga)
        saga.rest()
        yield Driven(saga, home, lines)


@pytest.fixture
def leaver(world: Driven) -> Leaver[Person | None]:
    category = world.ask(world.nobody, "GET /v1/categories")["items"][0]["id"]
    assert world.organiser
    night = show(world.saga, world.organiser, category, "Farewell", kind("Seat", 5, PRICE), kind("Floor", 5, 0))
    world.saga.settle()
    return Leaver(world, Markers(), {"id": night.id, "types": [{"id": one} for one in night.types]})


def test_of_who_is_erased_nothing_is_left(world: Driven, leaver: Leaver[Person | None]) -> None:
    leaver.live()
    before = found(leaver.markers, world.places())

    leaver.leave()
    world.saga.rest()

    assert before.keys() == leaver.markers.forms().keys() - set(Markers.NEVER_KEPT)
    left = {place for places in found(leaver.markers, world.places()).values() for place in places}
    assert not left, f"left in {sorted(left)}"
    assert world.saga.dead == []


def test_every_eraser_has_its_control() -> None:
    erasers = {one.service for one in ROWS if isinstance(one, On) and UserErased in one.events}

    assert erasers == TABLES.keys() | {"user"}


@pytest.mark.parametrize("table", OFF)
def test_with_its_eraser_off_the_person_is_found_in_the_table(table: str) -> None:
    failed, said = failures([PROOF], OFF[table])

    assert failed == [PROOF], said
    assert f"left in ['table {table}']" in said, said
