"""What people do with the catalogue."""

from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from common import clock, env, ids
from common.api import Caller
from common.store import Item
from events.core import model, repository
from events.core.errors import KeyReused
from events.core.model import CategoryType, EventType
from events.core.schemas import CategoryRequest, EventRequest, StaffRequest, TypeRequest


def create_category(caller: Caller, key: str | None, request: CategoryRequest) -> tuple[Item, bool]:
    """The category, and whether an earlier request had made it."""
    attributes = request.model_dump(mode="json") | {"id": _id("category", caller, key), "request_hash": _hash(request)}
    return repository.add_category(attributes, actor=caller.user_id)


def create_event(caller: Caller, key: str | None, request: EventRequest) -> tuple[Item, bool]:
    """The draft, and whether an earlier request had made it."""
    id, hashed = _id("event", caller, key), _hash(request)
    earlier = repository.find(id) if key else None
    if earlier:
        return _same(earlier, hashed), True
    draft = _draft(caller, id, request) | {"request_hash": hashed}
    event, existed = repository.add_event(draft)
    return _same(event, hashed), existed


def create_type(caller: Caller, key: str | None, event_id: str, request: TypeRequest) -> tuple[Item, bool]:
    """The event's new type, and whether an earlier request had made it."""
    event = repository.organised(event_id, caller)
    id, hashed = _id(f"type of {event_id}", caller, key), _hash(request)
    earlier = next((one for one in event["types"] if one["id"] == id), None)
    if earlier:
        return _same(earlier, hashed), True
    new = _type(id, event_id, request) | {"request_hash": hashed}
    types = [*event["types"], new]
    model.extendable(event)
    model.sold(types, CategoryType(event["category_type"]))
    repository.set_types(event, types)
    return new, False


def publish(caller: Caller, event_id: str) -> Item:
    """The published event; publishing it again changes nothing."""
    event = repository.organised(event_id, caller)
    if event["status"] == model.Status.PUBLISHED:
        return event
    model.publishable(event, clock.now())
    return repository.publish(event)


def set_staff(caller: Caller, event_id: str, request: StaffRequest) -> Item:
    """The event with exactly these people at its door; nothing is written where they are there already."""
    event = repository.organised(event_id, caller)
    staff = list(dict.fromkeys(request.user_ids))
    return event if set(event["staff"]) == set(staff) else repository.set_staff(event, staff)


def _draft(caller: Caller, id: str, request: EventRequest) -> Item:
    category = repository.category(request.category_id)
    model.planned(request.starts_at, clock.now())
    asked = request.model_dump(exclude={"hold_minutes", "types", "starts_at", "ends_at"})
    types = [_type(ids.derive("type", id, at), id, one) for at, one in enumerate(request.types)]
    model.sold(types, CategoryType(category["type"]))
    return asked | {
        "id": id,
        "organiser_id": caller.user_id,
        "category": category["name"],
        "category_type": category["type"],
        "starts_at": clock.iso(request.starts_at),
        "ends_at": clock.iso(request.ends_at),
        "hold_seconds": _hold(request),
        "types": types,
    }


def _type(id: str, event_id: str, request: TypeRequest) -> dict[str, Any]:
    return EventType(id=id, event_id=event_id, **request.model_dump()).stored()


def _hold(request: EventRequest) -> int:
    short_allowed = env.setting("SHORT_HOLDS") == "1"
    return model.hold(request.hold_seconds, request.hold_minutes, short_allowed=short_allowed)


def _id(kind: str, caller: Caller, key: str | None) -> str:
    return ids.derive(kind, caller.user_id, key) if key else ids.new()


def _hash(request: BaseModel) -> str:
    return sha256(request.model_dump_json().encode()).hexdigest()


def _same(earlier: dict[str, Any], hashed: str) -> dict[str, Any]:
    if earlier["request_hash"] != hashed:
        raise KeyReused
    return earlier
