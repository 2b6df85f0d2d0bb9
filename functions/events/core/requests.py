"""Request bodies."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from common.api import Request
from common.timezones import TimeZone
from events.core.fields import (
    Address,
    Capacity,
    Currency,
    DoorsAt,
    Id,
    ImageUrl,
    MultilineText,
    Prices,
    RefundHours,
    RefundPercent,
    SaleFrom,
    SaleUntil,
    SingleLine,
    UtcTime,
)
from events.core.model import CategoryType, TypeStatus


class CategoryRequest(Request):
    name: Annotated[SingleLine, Field(max_length=60)]
    type: CategoryType


class CategoryEdit(Request):
    """What a category is called from now on; its type stays."""

    name: Annotated[SingleLine, Field(max_length=60)]


class _TypeTerms(Request):
    name: SingleLine
    prices: Prices
    currency: Currency
    sale_from: SaleFrom = None
    sale_until: SaleUntil = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.sale_from and self.sale_until and self.sale_until <= self.sale_from:
            raise ValueError("sale_until must be later than sale_from")
        return self


class TypeRequest(_TypeTerms):
    """A kind of place and how many of it there are."""

    capacity: Capacity


class TypeEdit(_TypeTerms):
    """All of a type that can be edited; `capacity` is a draft's only, and stays without being named."""

    status: TypeStatus
    capacity: Capacity | None = None


class EventEdit(Request):
    """All of an event that can be edited; what is left out is as in a new event.

    Places are held ten minutes unless `hold_minutes` or `hold_seconds` says otherwise.
    """

    category_id: Id
    name: SingleLine
    description: MultilineText = ""
    venue: SingleLine
    address: Address | None = None
    city: SingleLine
    zone: TimeZone
    image_url: ImageUrl | None = None
    starts_at: UtcTime
    ends_at: UtcTime
    doors_at: DoorsAt = None
    max_per_user: Annotated[int, Field(ge=1, le=50)] = 6
    hold_minutes: Annotated[int, Field(ge=1, le=15)] | None = None
    hold_seconds: Annotated[int, Field(ge=1, le=900)] | None = None
    refund_percent: RefundPercent = 0
    refund_hours: RefundHours = 0

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be later than starts_at")
        if self.doors_at and self.doors_at > self.starts_at:
            raise ValueError("doors_at must not be later than starts_at")
        if self.hold_minutes and self.hold_seconds:
            raise ValueError("give hold_minutes or hold_seconds, not both")
        return self


class EventRequest(EventEdit):
    """A new event; places are held ten minutes unless `hold_minutes` or `hold_seconds` says otherwise."""

    types: Annotated[list[TypeRequest], Field(max_length=20)] = []


class CloneRequest(Request):
    """When the copy takes place, and what it is called if not the same."""

    starts_at: UtcTime
    ends_at: UtcTime
    name: SingleLine | None = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be later than starts_at")
        return self


class CancelRequest(Request):
    """Why it will not take place, for the buyers."""

    message: Annotated[MultilineText, Field(max_length=500)] = ""


class StaffRequest(Request):
    """Who may admit at the door; replaces whoever could until now."""

    user_ids: Annotated[list[Id], Field(max_length=50)]
