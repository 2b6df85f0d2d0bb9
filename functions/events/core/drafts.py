"""What an event is about, from a request or from another event."""

from datetime import datetime, timedelta
from typing import Any

from common import clock, env, ids
from common.api import Caller
from common.store import Item
from events.core import categories, model
from events.core.model import CategoryType, EventType
from events.core.requests import CloneRequest, EventEdit, EventRequest, TypeRequest

_TIMES = ("starts_at", "ends_at", "doors_at")
_COPIED = (
    "category_id", "description", "venue", "address", "city", "zone", "image_url",
    "max_per_user", "hold_seconds", "refund_percent", "refund_hours",
)  # fmt: skip


def about(request: EventEdit) -> Item:
    """All that can be edited, as it is stored. Raises CategoryUnknown or HoldTooShort."""
    category = categories.of_event(request.category_id)
    asked = request.model_dump(exclude={"hold_minutes", "types", *_TIMES})
    times = {name: clock.iso(at) if (at := getattr(request, name)) else None for name in _TIMES}
    return asked | times | _category(category) | {"hold_seconds": _hold(request)}


def planned(caller: Caller, id: str, request: EventRequest) -> Item:
    """A new draft."""
    draft = about(request) | {"id": id, "organiser_id": caller.user_id}
    model.planned(request.starts_at, clock.now())
    model.payable({f"/types/{at}/prices": one.prices for at, one in enumerate(request.types)}, request.max_per_user)
    types = [new_type(ids.derive("type", id, at), id, one) for at, one in enumerate(request.types)]
    model.sold(types, CategoryType(draft["category_type"]))
    model.sellable({f"/types/{at}": one for at, one in enumerate(types)}, draft["ends_at"])
    return draft | {"types": types}


def new_type(id: str, event_id: str, request: TypeRequest) -> dict[str, Any]:
    """A type as the event's item holds it."""
    return EventType(id=id, event_id=event_id, **request.model_dump()).stored()


def copied(id: str, event: Item, request: CloneRequest) -> Item:
    """A draft like the event, of the same organiser, at another time.

    Doors and sale windows move with the start, and a window's side that would lie beyond the new end is dropped.
    All types are on sale again. Staff is not taken over: who may admit is named anew.
    """
    model.planned(request.starts_at, clock.now())
    later = request.starts_at - clock.parse(event["starts_at"])
    ends_at = clock.iso(request.ends_at)
    doors = {"doors_at": clock.iso(_moved(event["doors_at"], later))} if event.get("doors_at") else {}
    types = [_copied_type(ids.derive("type", id, at), id, one, later, ends_at) for at, one in enumerate(event["types"])]
    about = {name: event[name] for name in _COPIED if name in event} | _category(event)
    times = {"starts_at": clock.iso(request.starts_at), "ends_at": ends_at} | doors
    named = {"id": id, "organiser_id": event["organiser_id"], "name": request.name or event["name"]}
    return about | times | named | {"types": types}


def _copied_type(id: str, event_id: str, one: Item, later: timedelta, ends_at: str) -> dict[str, Any]:
    kept: dict[str, Any] = {name: one[name] for name in ("name", "prices", "currency", "capacity")}
    window: dict[str, datetime] = {
        name: _moved(one[name], later) for name in ("sale_from", "sale_until") if name in one
    }
    inside = {name: at for name, at in window.items() if clock.iso(at) < ends_at}
    return EventType(id=id, event_id=event_id, **(kept | inside)).stored()


def _moved(at: str, later: timedelta) -> datetime:
    return clock.parse(at) + later


def _category(known: Item) -> Item:
    # Of a category's item, or of an event's, which has these under names of their own.
    if "category" in known:
        return {"category": known["category"], "category_type": known["category_type"]}
    return {"category": known["name"], "category_type": known["type"]}


def _hold(request: EventEdit) -> int:
    short_allowed = env.setting("SHORT_HOLDS") == "1"
    return model.hold(request.hold_seconds, request.hold_minutes, short_allowed=short_allowed)
