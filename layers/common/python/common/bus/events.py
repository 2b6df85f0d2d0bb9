"""What events tells the others: the terms of a published event, whole each time.

Two counts make the order of arrival indifferent. `terms_version` moves with what places are sold
under (prices, limits, times, what is on sale): whoever sells keeps the highest. `event_version`
moves with every change, staff and names too: whoever shows or admits keeps the highest of that.
"""

from datetime import datetime
from typing import Literal

from common.bus.base import BusEvent, Part


class TypeTerms(Part):
    """One event type as it is sold; `capacity` is read at first publication only."""

    id: str
    name: str
    prices: int  # minor units, fees included
    currency: str
    capacity: int
    status: Literal["ON_SALE", "PAUSED", "CLOSED"]
    sale_from: datetime | None = None  # on sale from the publication on where there is none
    sale_until: datetime | None = None  # on sale until the event ends where there is none


class EventTerms(BusEvent):
    source = "ticketing.events"
    event_id: str
    terms_version: int
    event_version: int = 0
    organiser_id: str
    staff: tuple[str, ...] = ()  # user ids that may admit at the door
    name: str
    venue: str
    city: str
    zone: str  # IANA
    starts_at: datetime
    ends_at: datetime
    status: Literal["PUBLISHED", "CANCELLED", "ENDED"]
    max_per_user: int
    hold_seconds: int
    doors_at: datetime | None = None  # from when on tickets admit; at any time where there is none
    refund_percent: int = 0  # of what was paid, where a buyer cancels a confirmed booking; 0: none can
    refund_hours: int = 0  # until so many hours before the start
    types: tuple[TypeTerms, ...]


class EventPublished(EventTerms):
    """The event can be found, and its types are on sale."""

    entity = "event"


class EventChanged(EventTerms):
    """A published event's terms or staff are now these."""

    entity = "event"


class EventCancelled(EventTerms):
    """The event will not take place: every booking ends, all money goes back, `message` is for the buyers."""

    entity = "event"
    message: str = ""
    by: Literal["organiser", "admin"] = "organiser"  # who called it off; an admin in the organiser's place


class CategoryChanged(BusEvent):
    """A category is called this now, and so is that of all its events."""

    source = "ticketing.events"
    entity = "category"
    category_id: str
    name: str
