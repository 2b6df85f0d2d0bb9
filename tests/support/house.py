"""A small house on the deployed system: people, events on sale, a booking with its tickets."""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from local.client import Client
from local.people import Organiser, Person, held, settled, tickets_of
from local.stack import Stack

PAID = {"prices": 2500, "currency": "EUR", "capacity": 500}
FREE = {"prices": 0, "currency": "EUR", "capacity": 500}


@dataclass(frozen=True)
class House:
    """All of it; `nobody` has no token, `stranger` no part in anything."""

    stack: Stack
    nobody: Client
    admin: Client
    admin_id: str
    organiser: Organiser
    staff: Person
    buyer: Person
    stranger: Person
    paid: str
    free: str
    concert: dict[str, Any]
    party: dict[str, Any]
    booking: dict[str, Any]
    tickets: list[dict[str, Any]]

    @classmethod
    def opened(cls, stack: Stack, api: Client, admin: Client) -> Self:
        organiser, staff, buyer, stranger = (Person.registers(api, name) for name in ("otto", "stan", "berta", "xaver"))
        organiser = Organiser.appointed(admin, organiser)
        paid, free = (
            admin.must("POST", "/v1/categories", {"name": f"House {kind} {secrets.token_hex(3)}", "type": kind})["id"]
            for kind in ("paid", "free")
        )
        two = [{"name": "Seat"} | PAID, {"name": "Box"} | PAID]
        concert = organiser.publishes(paid, "House concert", two, staff=(staff.id,), max_per_user=4)
        party = organiser.publishes(free, "House party", [{"name": "Entry"} | FREE], staff=(staff.id,), max_per_user=50)
        booking = settled(buyer, held(buyer, party["id"], 20), "CONFIRMED")
        return cls(
            stack=stack,
            nobody=api,
            admin=admin,
            admin_id=subject(admin),
            organiser=organiser,
            staff=staff,
            buyer=buyer,
            stranger=stranger,
            paid=paid,
            free=free,
            concert=concert,
            party=party,
            booking=booking,
            tickets=tickets_of(buyer, booking),
        )

    def draft(self, **fields: Any) -> dict[str, Any]:
        """A new event of the organiser's, not yet published."""
        made: dict[str, Any] = self.organiser.client.must("POST", "/v1/events", self.plan(**fields))
        return made

    def plan(self, **fields: Any) -> dict[str, Any]:
        """What creates an event."""
        about = {"name": "Planned", "venue": "Kulturhaus", "city": "Berlin", "zone": "Europe/Berlin"}
        times = {"starts_at": "2031-05-01T18:00:00Z", "ends_at": "2031-05-01T21:00:00Z"}
        return about | times | {"category_id": self.paid, "types": [{"name": "Seat"} | PAID]} | fields

    @contextmanager
    def altered(self, table: str, pk: str, sk: str, **fields: Any) -> Iterator[None]:
        """The item with these fields, as something else would have left it; as it was after the block."""
        key = {"pk": pk, "sk": sk}
        stored = self.stack.client("dynamodb").get_item(TableName=self.stack.table(table), Key=_wire(key))["Item"]
        before = {name: TypeDeserializer().deserialize(stored.get(name, {"NULL": True})) for name in fields}
        self._set(table, key, fields)
        try:
            yield
        finally:
            self._set(table, key, before)

    def _set(self, table: str, key: dict[str, Any], fields: dict[str, Any]) -> None:
        self.stack.client("dynamodb").update_item(
            TableName=self.stack.table(table),
            Key=_wire(key),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in fields),
            ExpressionAttributeNames={f"#{name}": name for name in fields},
            ExpressionAttributeValues=_wire({f":{name}": value for name, value in fields.items()}),
        )


def subject(client: Client) -> str:
    """Whose token a client bears."""
    claims = (client.token or "").split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"])


def _wire(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: TypeSerializer().serialize(value) for name, value in fields.items()}
