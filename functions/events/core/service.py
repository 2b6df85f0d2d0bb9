"""What people do with the catalogue."""

from typing import Any

from common import clock, env, ids
from common.api import Caller
from common.idempotency import Claim
from common.store import Item
from events.core import model, repository
from events.core.model import CategoryType, EventType
from events.core.schemas import CategoryRequest, EventRequest, StaffRequest, TypeRequest


def create_category(caller: Caller, key: str | None, request: CategoryRequest) -> tuple[Item, bool]:
    """The category, and whether an earlier request had made it."""
    claim = Claim.of("category", caller.user_id, key, request)
    wanted = request.model_dump(mode="json") | {"id": claim.id, "request_hash": claim.request_hash}
    category, existed = repository.add_category(wanted, actor=caller.user_id)
    return category, existed and claim.repeats(category)


def create_event(caller: Caller, key: str | None, request: EventRequest) -> tuple[Item, bool]:
    """The draft, and whether an earlier request had made it."""
    claim = Claim.of("event", caller.user_id, key, request)
    earlier = repository.find(claim.id) if claim.keyed else None
    if earlier and claim.repeats(earlier):
        return earlier, True
    draft = _draft(caller, claim.id, request) | {"request_hash": claim.request_hash}
    event, existed = repository.add_event(draft)
    return event, existed and claim.repeats(event)


def create_type(caller: Caller, key: str | None, event_id: str, request: TypeRequest) -> tuple[Item, bool]:
    """The event's new type, and whether an earlier request had made it."""
    event = repository.organised(event_id, caller)
    claim = Claim.of(f"type of {event_id}", caller.user_id, key, request)
    earlier = next((one for one in event["types"] if one["id"] == claim.id), None)
    if earlier and claim.repeats(earlier):
        return earlier, True
    new = _type(claim.id, event_id, request) | {"request_hash": claim.request_hash}
    types = [*event["types"], new]
    model.extendable(event)
    model.payable({"/prices": request.prices}, event["max_per_user"])
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
    model.payable({f"/types/{at}/prices": one.prices for at, one in enumerate(request.types)}, request.max_per_user)
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
