"""Deterministic examples of bus events, generated from their fields."""

from datetime import datetime
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from common import ids
from common.bus import BusEvent

M = TypeVar("M", bound=BaseModel)

_TEXTS = {
    "city": "Zürich",
    "currency": "EUR",
    "email": "ada@example.org",
    "first_name": "Ada",
    "kind": "tickets_created",
    "last_name": "Lovelace",
    "message": "We are sorry: the singer is ill.",
    "method": "card",
    "mobile_phone": "+41441234567",
    "name": "Spring concert",
    "reason": "unreadable_terms",
    "user_name": "ada",
    "venue": "Great Hall",
    "zone": "Europe/Zurich",
}
_NUMBERS = {
    "amount": 9000,
    "capacity": 500,
    "event_version": 3,
    "hold_seconds": 600,
    "max_per_user": 6,
    "prices": 9000,
    "qty": 2,
    "quantity": 2,
    "refund": 9000,
    "refund_hours": 48,
    "refunded": 9000,
    "refund_percent": 100,
    "terms_version": 1,
    "unit_price": 4500,
    "version": 3,
}
_TIMES = {
    "changed_at": "2026-05-01T10:00:00Z",
    "doors_at": "2026-06-01T17:00:00Z",
    "ends_at": "2026-06-01T21:00:00Z",
    "occurred_at": "2026-05-01T10:00:00Z",
    "pay_before": "2026-05-01T10:10:00Z",
    "sale_from": "2026-04-01T08:00:00Z",
    "sale_until": "2026-06-01T18:00:00Z",
    "starts_at": "2026-06-01T18:00:00Z",
}
_ELEMENTS = {"channels": "email", "roles": "organiser"}


def example(event: type[BusEvent]) -> BusEvent:
    """A valid example of this class."""
    return event.model_validate(_fields(event, event.__name__))


def _fields(model: type[BaseModel], seed: str) -> dict[str, Any]:
    return {name: _value(field.annotation, name, seed) for name, field in model.model_fields.items()}


def _value(annotation: Any, name: str, seed: str) -> Any:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _value(inner[0], name, seed)
    if origin is Literal:
        return inner[0]
    if origin in (tuple, list):
        return [_ELEMENTS.get(name) or _value(inner[0], name, seed)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _fields(annotation, seed)
    return _scalar(annotation, name, seed)


def _scalar(annotation: Any, name: str, seed: str) -> Any:
    if annotation is datetime:
        return _TIMES[name]
    if annotation is int:
        return _NUMBERS[name]
    return _TEXTS.get(name) or ids.derive("example", name if name.endswith("_id") else f"{seed} {name}")
