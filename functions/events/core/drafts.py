"""Build drafts from a request or from another event."""

from datetime import datetime, timedelta
from typing import Any

from common import clock, env, ids
from common.api import Caller
from common.store import Item
from events.core import categories, model
from events.core.model import CategoryType, EventType
from events.core.requests import CloneRequest, EventEdit, EventRequest, TypeRequest

_TIME_FIELDS = ("starts_at", "ends_at", "doors_at")
_CLONED_FIELDS = (
    "category_id", "description", "venue", "address", "city", "zone", "image_url",
    "max_per_user", "hold_seconds", "refund_percent", "refund_hours",
)  # fmt: skip


def editable_fields(request: EventEdit) -> Item:
    """Return all editable fields as stored. Raises InvalidCategory or HoldTooShort."""
    category = categories.get_for_event(request.category_id)
    fields = request.model_dump(exclude={"hold_minutes", "types", *_TIME_FIELDS})
    times = {name: clock.iso(at) if (at := getattr(request, name)) else None for name in _TIME_FIELDS}
    return fields | times | _category_fields(category) | {"hold_seconds": _hold_seconds(request)}


def new_draft(caller: Caller, id: str, request: EventRequest) -> Item:
    """Return a new draft. Raises the errors of DRAFT_ERRORS."""
    draft = editable_fields(request) | {"id": id, "organiser_id": caller.user_id}
    model.require_future_start(request.starts_at, clock.now())
    model.require_affordable(
        {f"/types/{at}/prices": one.prices for at, one in enumerate(request.types)}, request.max_per_user
    )
    types = [new_type(ids.derive("type", id, at), id, one) for at, one in enumerate(request.types)]
    model.require_sellable_together(types, CategoryType(draft["category_type"]))
    model.require_sale_within_event({f"/types/{at}": one for at, one in enumerate(types)}, draft["ends_at"])
    return draft | {"types": types}


def new_type(id: str, event_id: str, request: TypeRequest) -> dict[str, Any]:
    """Return an event type as stored in the event item."""
    return EventType(id=id, event_id=event_id, **request.model_dump()).to_item()


def clone_draft(id: str, event: Item, request: CloneRequest) -> Item:
    """Return a copy of the event at another time, as a draft of the same organiser. Raises NotInFuture.

    Doors and sale windows shift with the start; a window bound beyond the new end is dropped.
    All types are on sale again. Staff is not copied.
    """
    model.require_future_start(request.starts_at, clock.now())
    offset = request.starts_at - clock.parse(event["starts_at"])
    ends_at = clock.iso(request.ends_at)
    doors = {"doors_at": clock.iso(_shift(event["doors_at"], offset))} if event.get("doors_at") else {}
    types = [_clone_type(ids.derive("type", id, at), id, one, offset, ends_at) for at, one in enumerate(event["types"])]
    fields = {name: event[name] for name in _CLONED_FIELDS if name in event} | _category_fields(event)
    times = {"starts_at": clock.iso(request.starts_at), "ends_at": ends_at} | doors
    identity = {"id": id, "organiser_id": event["organiser_id"], "name": request.name or event["name"]}
    return fields | times | identity | {"types": types}


def _clone_type(id: str, event_id: str, event_type: Item, offset: timedelta, ends_at: str) -> dict[str, Any]:
    fields: dict[str, Any] = {name: event_type[name] for name in ("name", "prices", "currency", "capacity")}
    shifted_window: dict[str, datetime] = {
        name: _shift(event_type[name], offset) for name in ("sale_from", "sale_until") if name in event_type
    }
    sale_window = {name: at for name, at in shifted_window.items() if clock.iso(at) < ends_at}
    return EventType(id=id, event_id=event_id, **(fields | sale_window)).to_item()


def _shift(time: str, offset: timedelta) -> datetime:
    return clock.parse(time) + offset


def _category_fields(source: Item) -> Item:
    # The source is a category item or an event item; they name these attributes differently.
    if "category" in source:
        return {"category": source["category"], "category_type": source["category_type"]}
    return {"category": source["name"], "category_type": source["type"]}


def _hold_seconds(request: EventEdit) -> int:
    short_allowed = env.setting("SHORT_HOLDS") == "1"
    return model.hold_seconds(request.hold_seconds, request.hold_minutes, short_allowed=short_allowed)
