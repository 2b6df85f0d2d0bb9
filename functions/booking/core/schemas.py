"""What booking takes and gives over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from booking.core.model import Booking
from booking.core.terms import Terms, TypeOnSale
from common import ids
from common.api import Request, View
from common.cursor import Page

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
    did: str
    by: str
    at: datetime


class BookingView(View):
    id: str
    user_id: str
    event_id: str
    status: str
    quantity: int
    prices: int = Field(description="the total in minor units, fees included")
    currency: str
    pay_before: datetime = Field(description="when the hold ends unless it is paid")
    items: tuple[BookingItemView, ...]
    idempotency_key: str | None
    logs: tuple[LogView, ...]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, booking: Booking) -> Self:
        shared = booking.model_dump(include={"currency", "created_at", "updated_at"}) | {"booking_id": booking.id}
        items = [
            shared | item.model_dump() | {"id": ids.derive("booking-item", booking.id, item.event_type_id)}
            for item in booking.items
        ]
        logs = [{"version": at, **log} for at, log in enumerate(booking.logs, 1)]
        return cls.model_validate(booking.model_dump() | {"quantity": booking.quantity, "items": items, "logs": logs})


class BookingPage(View):
    items: tuple[BookingView, ...]
    next_token: str | None
    previous_token: str | None

    @classmethod
    def of(cls, page: Page) -> Self:
        items = tuple(BookingView.of(Booking.of(item)) for item in page.items)
        return cls(items=items, next_token=page.next_token, previous_token=page.previous_token)


class TypeAvailability(View):
    event_type_id: str
    name: str
    prices: int
    currency: str
    capacity: int
    available: int
    word: str = Field(description="available · few_left · none_left · not_on_sale · ended")


class Availability(View):
    event_id: str
    types: tuple[TypeAvailability, ...]

    @classmethod
    def of(cls, terms: Terms, free: Mapping[str, tuple[int, int]], now: datetime) -> Self:
        """`free` is (available, capacity) by event type."""
        types = []
        for one in terms.types.values():
            available, capacity = free.get(one.id, (0, 0))
            word = "ended" if terms.over(now) else _word(terms, one, available, capacity)
            shown = {"available": available, "capacity": capacity, "word": word}
            fixed = {"event_type_id": one.id, "name": one.name, "prices": one.prices, "currency": one.currency}
            types.append(TypeAvailability.model_validate(fixed | shown))
        return cls(event_id=terms.event_id, types=tuple(types))


def _word(terms: Terms, one: TypeOnSale, available: int, capacity: int) -> str:
    if not (terms.open and one.on_sale):
        return "not_on_sale"
    if not available:
        return "none_left"
    return "few_left" if available * 10 <= capacity else "available"
