"""What tests begin with: people who have registered, and published events."""

from dataclasses import dataclass
from typing import Any

from tests.support.gateway import Person
from tests.support.saga import Saga

PRICE = 2500
PASSWORD = "seven horses in a quiet meadow"


@dataclass(frozen=True)
class Show:
    """A published event and its types, in the order in which they were asked for."""

    id: str
    types: tuple[str, ...]


@dataclass(frozen=True)
class House:
    """Everybody and everything that a journey needs."""

    organiser: Person
    door: Person
    buyer: Person
    other: Person
    gala: Show  # "Seat" at PRICE, ten of them, and "Companion", free, two
    solo: Show  # one type, two seats


def register(saga: Saga, name: str) -> Person:
    """Somebody who has an account."""
    about = {"email": f"{name}@example.org", "user_name": name, "first_name": name.title(), "last_name": "Example"}
    about |= {"password": PASSWORD, "mobile_phone": "+4915112345678"}
    return Person(user_id=saga.http("POST /v1/register", about, expect=201).json["id"])


def kind(name: str, capacity: int, prices: int = PRICE) -> dict[str, Any]:
    """An event type as it is asked for."""
    return {"name": name, "prices": prices, "currency": "EUR", "capacity": capacity}


def show(saga: Saga, organiser: Person, category: str, name: str, *types: dict[str, Any], **terms: Any) -> Show:
    """A published event."""
    about: dict[str, Any] = {
        "category_id": category,
        "name": name,
        "venue": "Hall",
        "city": "Bremen",
        "zone": "Europe/Berlin",
    }
    about |= {"starts_at": "2031-09-01T19:00:00Z", "ends_at": "2031-09-01T22:00:00Z", "max_per_user": 4} | terms
    made = saga.http("POST /v1/events", about | {"types": list(types)}, by=organiser, expect=201).json
    saga.http(f"POST /v1/events/{made['id']}/publish", by=organiser, expect=200)
    return Show(made["id"], tuple(one["id"] for one in made["types"]))


def house(saga: Saga) -> House:
    """Two buyers, an organiser with two published events, and a member of staff; the queues are not run."""
    organiser, door, buyer, other = (register(saga, name) for name in ("olga", "doris", "berta", "otto"))
    organiser.roles = ("organiser",)
    admin = Person("admin", user_id="the-admin")
    category = saga.http("POST /v1/categories", {"name": "Concert", "type": "paid"}, by=admin, expect=201).json["id"]
    gala = show(saga, organiser, category, "Gala", kind("Seat", 10), kind("Companion", 2, prices=0))
    solo = show(saga, organiser, category, "Solo", kind("Seat", 2))
    saga.http(
        f"PUT /v1/events/{gala.id}/staff",
        {"user_ids": [door.user_id]},
        by=organiser,
        expect=200,
        headers={"if-match": "*"},
    )
    return House(organiser, door, buyer, other, gala, solo)
