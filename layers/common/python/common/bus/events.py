"""Bus events of events: each carries the complete terms of a published event.

Two versions make consumers independent of the order of delivery. `terms_version` increases when the terms of sale
change (prices, limits, times, types on sale); consumers that sell keep the highest. `event_version` increases with
every change, including names and staff; consumers that display events or check tickets in keep the highest of that.
"""

from datetime import datetime
from typing import Literal

from common.bus.base import BusEvent, EventPart


class TypeTerms(EventPart):
    """The terms of one event type. Consumers read `capacity` at first publication only; see CapacityChanged."""

    id: str
    name: str
    prices: int  # minor units, fees included
    currency: str
    capacity: int
    status: Literal["ON_SALE", "PAUSED", "CLOSED"]
    sale_from: datetime | None = None  # None: from publication
    sale_until: datetime | None = None  # None: until the event ends


class EventTerms(BusEvent):
    source = "ticketing.events"
    event_id: str
    terms_version: int
    event_version: int = 0
    organiser_id: str
    staff: tuple[str, ...] = ()  # user ids that may check tickets in
    name: str
    venue: str
    city: str
    zone: str  # IANA
    starts_at: datetime
    ends_at: datetime
    status: Literal["PUBLISHED", "CANCELLED", "ENDED"]
    max_per_user: int
    hold_seconds: int
    doors_at: datetime | None = None  # start of check-in; None: at any time
    refund_percent: int = 0  # of the payment, if a buyer cancels a confirmed booking; 0: buyers cannot
    refund_hours: int = 0  # buyers may cancel until that many hours before the start
    types: tuple[TypeTerms, ...]


class EventPublished(EventTerms):
    """The event was published, and its types are on sale."""

    entity = "event"


class EventChanged(EventTerms):
    """The terms or the staff of a published event changed."""

    entity = "event"


class EventCancelled(EventTerms):
    """The event was cancelled: all bookings are cancelled and refunded in full; `message` is for the buyers."""

    entity = "event"
    message: str = ""
    by: Literal["organiser", "admin"] = "organiser"  # who cancelled it


class CategoryChanged(BusEvent):
    """The category was renamed."""

    source = "ticketing.events"
    entity = "category"
    category_id: str
    name: str
