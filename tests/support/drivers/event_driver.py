"""HTTP requests of organisers, for tests of events."""

import uuid
from datetime import UTC, datetime
from typing import Any

from common import outbox
from infra import topology
from tests.support.system.system import HttpResponse, Person, System

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADMIN, ORGANISER, BUYER = Person("admin"), Person("organiser"), Person()


def create_category(system: System, name: str = "Concert", type: str = "paid") -> str:
    return str(system.http("POST /v1/categories", {"name": name, "type": type}, by=ADMIN).json["id"])


def type_request(**changes: Any) -> dict[str, Any]:
    return {"name": "Floor", "prices": 4500, "currency": "EUR", "capacity": 100} | changes


def event_request(category_id: str, **changes: Any) -> dict[str, Any]:
    event = {
        "category_id": category_id,
        "name": "Élan Vital",
        "venue": "Große Halle",
        "city": "Zürich",
        "zone": "Europe/Zurich",
        "starts_at": "2026-06-01T20:00:00+02:00",
        "ends_at": "2026-06-01T23:00:00+02:00",
        "types": [type_request()],
    }
    return {name: value for name, value in (event | changes).items() if value is not ...}


def create_draft(system: System, **changes: Any) -> dict[str, Any]:
    category_id = changes.pop("category_id", None) or create_category(system, f"Category {uuid.uuid4()}")
    response = system.http("POST /v1/events", event_request(category_id, **changes), by=ORGANISER)
    assert response.status == 201, response.text
    return dict(response.json)


def publish(system: System, event_id: str, by: Person = ORGANISER) -> HttpResponse:
    return system.http(f"POST /v1/events/{event_id}/publish", by=by)


def published_events(system: System, event_id: str) -> list[Any]:
    """The bus events in the event's outbox, as cdc would publish them."""
    return outbox.outbox_events(stored_event(system, event_id))


def set_status(system: System, event_id: str, status: str) -> None:
    """Set the status of the event's item."""
    system.update_item(topology.EVENTS, event_id, "event", status=status)


def add_type(
    system: System, event_id: str, by: Person = ORGANISER, key: str | None = None, **changes: Any
) -> HttpResponse:
    return system.http(f"POST /v1/events/{event_id}/types", type_request(**changes), by=by, key=key)


def create_published(system: System, **changes: Any) -> dict[str, Any]:
    """Create and publish an event."""
    return dict(publish(system, create_draft(system, **changes)["id"]).json)


def stored_event(system: System, event_id: str) -> dict[str, Any]:
    """The event's item."""
    return next(one for one in system.scan(topology.EVENTS) if (one["pk"], one["sk"]) == (event_id, "event"))


def get_own_event(system: System, event_id: str, by: Person = ORGANISER) -> HttpResponse:
    """The organiser's view of the event."""
    return system.http(f"GET /v1/users/{by.user_id}/events/{event_id}", by=by)


def own_etag(system: System, event_id: str) -> str:
    """The ETag of the organiser's view."""
    return str(get_own_event(system, event_id).headers["etag"])
