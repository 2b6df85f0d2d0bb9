"""What booking takes and gives over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from booking.core import uses
from booking.core.model import Booking
from common import ids
from common.api import Request, View

Id = Annotated[str, Field(min_length=36, max_length=36, description="UUID")]
Qty = Annotated[int, Field(ge=1, le=100)]


class ItemRequest(Request):
    event_type_id: Id
    qty: Qty


def _one_each(items: list[ItemRequest]) -> list[ItemRequest]:
    if len({item.event_type_id for item in items}) != len(items):
        raise ValueError("names a type twice")
    return items


class BookingRequest(Request):
    """Either `number_slot`, where the event has one type on sale, or `items`."""

    event_id: Id
    number_slot: Qty | None = None
    items: Annotated[list[ItemRequest], Field(min_length=1, max_length=10), AfterValidator(_one_each)] | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.number_slot is None) == (self.items is None):
            raise ValueError("give either number_slot or items")
        return self

    def wanted(self) -> dict[str, int] | int:
        """Quantities by event type, or the bare number."""
        if self.items is None:
            return self.number_slot or 0
        return {item.event_type_id: item.qty for item in self.items}


class BookingItemView(View):
    id: str
    booking_id: str
    event_type_id: str
    qty: int
    unit_price: int
    currency: str
    created_at: datetime
    updated_at: datetime


class LogView(View):
    version: int
    did: str = Field(examples=["order"], description="what happened, e.g. order, extend, confirm, cancel")
    by: str = Field(
        examples=["buyer"],
        description="who did it: buyer, organiser, admin (in the organiser's place), payment (its outcome), ticket, "
        "backstop (the time was over), or user (what they wrote was erased)",
    )
    at: datetime


class _Booked(View):
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
    passed_on: int = Field(examples=[0], description="how many of its tickets are somebody else's by now")
    pay_before: datetime = Field(description="when the hold ends unless it is paid")
    items: tuple[BookingItemView, ...]
    logs: tuple[LogView, ...]
    created_at: datetime
    updated_at: datetime


class BookingView(_Booked):
    idempotency_key: str | None

    @classmethod
    def of(cls, booking: Booking) -> Self:
        return cls.model_validate(_shown(booking))

    @classmethod
    def shown(cls, item: Mapping[str, Any]) -> Self:
        """The booking that a table's item holds."""
        return cls.of(Booking.of(item))


class EventBookingView(_Booked):
    """A booking as the event's organiser sees it."""

    @classmethod
    def shown(cls, item: Mapping[str, Any]) -> Self:
        return cls.model_validate(_shown(Booking.of(item)))


class CapacityRequest(Request):
    capacity: Annotated[int, Field(ge=0, le=1_000_000, examples=[600], description="all places, those taken included")]


class CapacityView(View):
    event_id: str
    event_type_id: str
    capacity: int = Field(examples=[600])
    available: int = Field(examples=[220], description="free at the moment of the change")


def _shown(booking: Booking) -> dict[str, Any]:
    shared = booking.model_dump(include={"currency", "created_at", "updated_at"}) | {"booking_id": booking.id}
    items = [
        shared | item.model_dump() | {"id": ids.derive("booking-item", booking.id, item.event_type_id)}
        for item in booking.items
    ]
    logs = [{"version": at, **log} for at, log in enumerate(booking.logs, 1)]
    counted = {"admitted": len(uses.inside(booking.uses)), "passed_on": len(uses.others(booking.uses))}
    return booking.model_dump() | counted | {"quantity": booking.quantity, "items": items, "logs": logs}
