"""The lists of the API, each with somebody who has one, and what comes and goes in it."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from common import clock
from common.store import marshal, unmarshal
from infra.vocabulary import Grant, Index, Route, Table
from local.client import Client
from local.people import until
from tests.support.house import FREE, House
from tools.docs import read

BETWEEN = timedelta(milliseconds=10)


def lists() -> dict[str, Route]:
    """Every call of the API that takes page tokens both ways."""
    return {row.call: row for row in read.routes() if "previous_token" in read.endpoint(row).params.model_fields}


@dataclass
class Planted:
    """A list that an index keeps: items are put right into its table, as copies of one that the API made.

    A copy has an id of its own, tells nobody, and stands where it is wanted; it is gone when the test ends.
    """

    house: House
    row: Route
    by: Client
    address: str
    foreign: tuple[Client, str] | None = None
    name: str = "id"
    planted: list[dict[str, Any]] = field(default_factory=list)

    def fill(self) -> None:
        for place in range(1, 8):
            self.add(place)

    def add(self, place: float) -> None:
        """Place 0 is the first item that was there; what is added at n stands behind the first n that were planted."""
        template, new = self._template(), f"planted-{secrets.token_hex(4)}"
        sk = self._index().sk or ""
        moment, *rest = str(template[sk]).split("#")
        at = clock.iso(datetime.fromisoformat(moment) - place * BETWEEN)
        copy = template | {"pk": new, "id": new, sk: "#".join([at, *(new for _ in rest)])}
        self._table("put_item", Item=marshal(copy))
        self.planted.append(copy)

    def remove(self) -> None:
        self._delete(self.planted.pop(len(self.planted) // 2))

    def clear(self) -> None:
        while self.planted:
            self._delete(self.planted.pop())

    def _template(self) -> dict[str, Any]:
        listed = (one[self.name] for one in self.by.must("GET", self.address)["items"])
        first = next(one for one in listed if not one.startswith("planted-"))
        found = self._table(
            "query",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=marshal({":pk": first}),
        )["Items"]
        kept = next(one for one in map(unmarshal, found) if self._index().pk in one)
        return {name: value for name, value in kept.items() if not name.startswith("outbox")}

    def _grant(self) -> Grant:
        return next(one for one in self.row.may if isinstance(one, Grant) and one.index)

    def _index(self) -> Index:
        table = self._grant().resource
        assert isinstance(table, Table)
        return next(one for one in table.indexes if one.name == self._grant().index)

    def _table(self, operation: str, **asked: Any) -> Any:
        table = self._grant().resource
        assert isinstance(table, Table)
        stack = self.house.stack
        return getattr(stack.client("dynamodb"), operation)(TableName=stack.table(table.name), **asked)

    def _delete(self, one: Mapping[str, Any]) -> None:
        self._table("delete_item", Key=marshal({"pk": one["pk"], "sk": one["sk"]}))


@dataclass
class Made:
    """A list whose items come and go by calls of the API; they are waited for."""

    by: Client
    address: str
    make: Callable[[], None]
    foreign: tuple[Client, str] | None = None
    end: Callable[[str], None] | None = None
    some: int = 7

    def fill(self) -> None:
        missing = self.some - len(self._ids())
        for _ in range(missing):
            self.make()
        until(lambda: len(self._ids()) >= self.some or None, f"{self.some} items of {self.address}")

    def add(self, _place: float) -> None:
        before = self._ids()
        self.make()
        until(lambda: self._ids() - before or None, f"another item of {self.address}")

    def remove(self) -> None:
        if self.end:
            gone = min(self._ids())
            self.end(gone)
            until(lambda: gone not in self._ids() or None, f"the end of an item of {self.address}")

    def clear(self) -> None:
        """What was made stays."""

    def _ids(self) -> set[str]:
        joint = "&" if "?" in self.address else "?"
        return {one["id"] for one in self.by.must("GET", f"{self.address}{joint}limit=100")["items"]}


def mine(house: House, call: str) -> Planted:
    """A list of the buyer's own."""
    path = call.removeprefix("GET ")
    return Planted(house, lists()[call], house.buyer.client, path, (house.stranger.client, path))


def of_event(house: House, call: str, name: str = "id") -> Planted:
    """A list of the organiser's, of one of two events."""
    party, concert = (call.removeprefix("GET ").format(event_id=one["id"]) for one in (house.party, house.concert))
    boss = house.organiser.client
    return Planted(house, lists()[call], boss, party, (boss, concert), name)


def own_events(house: House, call: str) -> Planted:
    theirs, admins = (call.removeprefix("GET ").format(user_id=one) for one in (house.organiser.id, house.admin_id))
    return Planted(house, lists()[call], house.organiser.client, theirs, (house.admin, admins))


def of_all(house: House, call: str) -> Planted:
    """A list that is the same for everybody who may see it."""
    return Planted(house, lists()[call], house.admin, call.removeprefix("GET "))


def search(house: House, call: str) -> Made:
    """What is found by a word that no other event has."""
    word = f"w{secrets.token_hex(5)}"
    boss, cancel = house.organiser, "POST /v1/events/{event_id}/cancel"

    def make() -> None:
        boss.publishes(house.free, f"{word} night", [{"name": "Entry"} | FREE])

    def end(event_id: str) -> None:
        boss.client.must("POST", f"/v1/events/{event_id}/cancel", {})

    there = any(row.call == cancel for row in read.routes())
    path = call.removeprefix("GET ")
    return Made(house.nobody, f"{path}?q={word}", make, (house.nobody, f"{path}?q=night"), end if there else None)


def sessions(house: House, call: str) -> Made:
    """Where a person is logged in; a session that has ended stays in the list, with its end."""
    person, path = house.stranger, call.removeprefix("GET ")

    def make() -> None:
        Client(house.nobody.api).login(person.user_name, person.password)

    return Made(person.client, path, make, (house.buyer.client, path))


MAKERS: Mapping[str, Callable[[House, str], Planted | Made]] = {
    "GET /v1/bookings": mine,
    "GET /v1/payments": mine,
    "GET /v1/tickets": mine,
    "GET /v1/notifications": mine,
    "GET /v1/sessions": sessions,
    "GET /v1/events": search,
    "GET /v1/categories": of_all,
    "GET /v1/users": of_all,
    "GET /v1/users/{user_id}/events": own_events,
    "GET /v1/events/{event_id}/bookings": of_event,
    "GET /v1/events/{event_id}/attendees": lambda house, call: of_event(house, call, "ticket_id"),
}
