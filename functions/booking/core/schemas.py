"""Request and response schemas of booking's HTTP API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from booking.core import model
from booking.core.model import Booking
from common import ids
from common.api import Request, ResponseModel

Id = Annotated[str, Field(min_length=36, max_length=36, description="UUID")]
Quantity = Annotated[int, Field(ge=1, le=100)]


class ItemRequest(Request):
    event_type_id: Id
    qty: Quantity


def _require_distinct_types(items: list[ItemRequest]) -> list[ItemRequest]:
    if len({item.event_type_id for item in items}) != len(items):
        raise ValueError("names a type twice")
    return items


class BookingRequest(Request):
    """Either `number_slot`, where the event has one type on sale, or `items`."""

    event_id: Id
    number_slot: Quantity | None = None
    items: (
        Annotated[list[ItemRequest], Field(min_length=1, max_length=10), AfterValidator(_require_distinct_types)] | None
    ) = None

    @model_validator(mode="after")
    def _require_number_or_items(self) -> Self:
        if (self.number_slot is None) == (self.items is None):
            raise ValueError("give either number_slot or items")
        return self

    def requested_quantities(self) -> dict[str, int] | int:
        """Quantities by event type id, or the plain number."""
        if self.items is None:
            return self.number_slot or 0
        return {item.event_type_id: item.qty for item in self.items}


class BookingItemView(ResponseModel):
    id: str
    booking_id: str
    event_type_id: str
    qty: int
    unit_price: int
    currency: str
    created_at: datetime
    updated_at: datetime


class LogView(ResponseModel):
    version: int
    action: str = Field(examples=["order"], description="what happened, e.g. order, extend, confirm, cancel")
    actor: str = Field(
        examples=["buyer"],
        description="who did it: buyer, organiser, admin (in the organiser's place), payment (its outcome), ticket, "
        "backstop (the time was over), or user (what they wrote was erased)",
    )
    at: datetime


class _BookingFields(ResponseModel):
    id: str
    user_id: str
    event_id: str
    status: str
    quantity: int
    prices: int = Field(description="the total in minor units, fees included")
    currency: str
    refund: int | None = Field(description="what the buyer was promised back on giving the booking back")
    refunded: int = Field(description="what has gone back so far, in minor units")
    admitted: int = Field(examples=[0], description="how many of its tickets were admitted at a door")
    transferred: int = Field(examples=[0], description="how many of its tickets are somebody else's by now")
    pay_before: datetime = Field(description="when the hold ends unless it is paid")
    items: tuple[BookingItemView, ...]
    logs: tuple[LogView, ...]
    created_at: datetime
    updated_at: datetime


class BookingView(_BookingFields):
    idempotency_key: str | None

    @classmethod
    def from_booking(cls, booking: Booking) -> Self:
        return cls.model_validate(_view_fields(booking))

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """The view of a stored item."""
        return cls.from_booking(Booking.from_item(item))


class EventBookingView(_BookingFields):
    """A booking as the event's organiser sees it."""

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        return cls.model_validate(_view_fields(Booking.from_item(item)))


class CapacityRequest(Request):
    capacity: Annotated[int, Field(ge=0, le=1_000_000, examples=[600], description="all places, those taken included")]


class CapacityView(ResponseModel):
    event_id: str
    event_type_id: str
    capacity: int = Field(examples=[600])
    available: int = Field(examples=[220], description="free at the moment of the change")


def _view_fields(booking: Booking) -> dict[str, Any]:
    shared = booking.model_dump(include={"currency", "created_at", "updated_at"}) | {"booking_id": booking.id}
    items = [
        shared | item.model_dump() | {"id": ids.derive("booking-item", booking.id, item.event_type_id)}
        for item in booking.items
    ]
    logs = [{"version": version, **log} for version, log in enumerate(booking.logs, 1)]
    usage_counts = {
        "admitted": len(model.checked_in_tickets(booking.ticket_usage)),
        "transferred": len(model.transferred_tickets(booking.ticket_usage)),
    }
    return booking.model_dump() | usage_counts | {"quantity": booking.quantity, "items": items, "logs": logs}
