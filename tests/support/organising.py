"""What organisers do over HTTP, for tests of the catalogue."""

import uuid
from datetime import UTC, datetime
from typing import Any

from common import outbox
from infra import topology
from tests.support.system import Person, Reply, System

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADMIN, ORGANISER, BUYER = Person("admin"), Person("organiser"), Person()


def a_category(system: System, name: str = "Concert", type: str = "paid") -> str:
    return str(system.http("POST /v1/categories", {"name": name, "type": type}, by=ADMIN).json["id"])


def a_type(**changes: Any) -> dict[str, Any]:
    return {"name": "Floor", "prices": 4500, "currency": "EUR", "capacity": 100} | changes


def an_event(category_id: str, **changes: Any) -> dict[str, Any]:
    event = {
        "category_id": category_id,
        "name": "Élan Vital",
        "venue": "Große Halle",
        "city": "Zürich",
        "zone": "Europe/Zurich",
        "starts_at": "2026-06-01T20:00:00+02:00",
        "ends_at": "2026-06-01T23:00:00+02:00",
        "types": [a_type()],
    }
    return {name: value for name, value in (event | changes).items() if value is not ...}


def drafted(system: System, **changes: Any) -> dict[str, Any]:
    category_id = changes.pop("category_id", None) or a_category(system, f"Category {uuid.uuid4()}")
    answer = system.http("POST /v1/events", an_event(category_id, **changes), by=ORGANISER)
    assert answer.status == 201, answer.text
    return dict(answer.json)


def publish(system: System, event_id: str, by: Person = ORGANISER) -> Reply:
    return system.http(f"POST /v1/events/{event_id}/publish", by=by)


def told(system: System, event_id: str) -> list[Any]:
    """The bus events of the event's last transition, as cdc would publish them."""
    return outbox.published(item_of(system, event_id))


def now_is(system: System, event_id: str, status: str) -> None:
    """The event's item as a later transition would leave it."""
    system.alter(topology.EVENTS, event_id, "event", status=status)


def add_type(system: System, event_id: str, by: Person = ORGANISER, key: str | None = None, **changes: Any) -> Reply:
    return system.http(f"POST /v1/events/{event_id}/types", a_type(**changes), by=by, key=key)


def published(system: System, **changes: Any) -> dict[str, Any]:
    """A published event."""
    return dict(publish(system, drafted(system, **changes)["id"]).json)


def item_of(system: System, event_id: str) -> dict[str, Any]:
    """The event's item."""
    return next(one for one in system.scan(topology.EVENTS) if (one["pk"], one["sk"]) == (event_id, "event"))


def own(system: System, event_id: str, by: Person = ORGANISER) -> Reply:
    """The event as its organiser reads it."""
    return system.http(f"GET /v1/users/{by.user_id}/events/{event_id}", by=by)


def etag(system: System, event_id: str) -> str:
    """What the organiser has read it with."""
    return str(own(system, event_id).headers["etag"])
