"""Response bodies."""

from datetime import datetime

from pydantic import computed_field

from common.api import ResponseModel
from events.core.currencies import DECIMALS
from events.core.model import CategoryType, Status, TypeStatus


class CategoryView(ResponseModel):
    id: str
    name: str
    type: CategoryType
    created_at: datetime
    updated_at: datetime


class TypeView(ResponseModel):
    """`prices` is in minor units: 1 of them is 10^-`decimals` of the currency."""

    id: str
    event_id: str
    name: str
    prices: int
    currency: str
    status: TypeStatus
    capacity: int
    sale_from: datetime | None = None
    sale_until: datetime | None = None

    @computed_field
    def decimals(self) -> int:
        return DECIMALS[self.currency]


class EventView(ResponseModel):
    """An event as everybody sees it; `message` says why it was cancelled."""

    id: str
    category_id: str
    category: str
    name: str
    description: str
    venue: str
    address: str | None = None
    city: str
    zone: str
    image_url: str | None = None
    starts_at: datetime
    ends_at: datetime
    doors_at: datetime | None = None
    max_per_user: int
    hold_seconds: int
    refund_percent: int = 0
    refund_hours: int = 0
    status: Status
    message: str = ""
    types: list[TypeView]
    created_at: datetime
    updated_at: datetime


class OrganiserEventView(EventView):
    """An event as its organiser sees it."""

    organiser_id: str
    staff: list[str]
    terms_version: int
