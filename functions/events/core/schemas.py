"""What the catalogue's calls take and give."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, computed_field, model_validator

from common.api import Request, View
from common.zones import Zone
from events.core.currencies import DECIMALS
from events.core.fields import Currency, Id, Line, Moment, Paragraphs, Prices
from events.core.model import CategoryType, Status, TypeStatus


class CategoryRequest(Request):
    name: Annotated[Line, Field(max_length=60)]
    type: CategoryType


class CategoryView(View):
    id: str
    name: str
    type: CategoryType
    created_at: datetime
    updated_at: datetime


class TypeRequest(Request):
    """A kind of place and how many of it there are."""

    name: Line
    prices: Prices
    currency: Currency
    capacity: Annotated[int, Field(ge=1, le=1_000_000)]


class EventRequest(Request):
    """A new event; places are held ten minutes unless `hold_minutes` or `hold_seconds` says otherwise."""

    category_id: Id
    name: Line
    description: Paragraphs = ""
    venue: Line
    city: Line
    zone: Zone
    starts_at: Moment
    ends_at: Moment
    max_per_user: Annotated[int, Field(ge=1, le=50)] = 6
    hold_minutes: Annotated[int, Field(ge=1, le=15)] | None = None
    hold_seconds: Annotated[int, Field(ge=1, le=900)] | None = None
    types: Annotated[list[TypeRequest], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _whole(self) -> "EventRequest":
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be later than starts_at")
        if self.hold_minutes and self.hold_seconds:
            raise ValueError("give hold_minutes or hold_seconds, not both")
        return self


class StaffRequest(Request):
    """Who may admit at the door; replaces whoever could until now."""

    user_ids: Annotated[list[Id], Field(max_length=50)]


class TypeView(View):
    """`prices` is in minor units: 1 of them is 10^-`decimals` of the currency."""

    id: str
    event_id: str
    name: str
    prices: int
    currency: str
    status: TypeStatus
    capacity: int

    @computed_field
    def decimals(self) -> int:
        return DECIMALS[self.currency]


class EventView(View):
    """An event as everybody sees it."""

    id: str
    category_id: str
    category: str
    name: str
    description: str
    venue: str
    city: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    max_per_user: int
    hold_seconds: int
    status: Status
    types: list[TypeView]
    created_at: datetime
    updated_at: datetime


class OrganisedEventView(EventView):
    """An event as its organiser sees it."""

    organiser_id: str
    staff: list[str]
    terms_version: int
