"""What booking tells the others."""

from datetime import datetime
from typing import Literal

from common.bus.base import BusEvent, Part


class BookedItem(Part):
    """So many places of one type, at the price that was held."""

    event_type_id: str
    qty: int
    unit_price: int  # minor units


class BookingEvent(BusEvent):
    source = "ticketing.booking"
    booking_id: str
    user_id: str
    event_id: str


class BookingOrdered(BookingEvent):
    """Places are held for a user until `pay_before`; `prices` is due, in minor units."""

    entity = "booking"
    quantity: int
    prices: int
    currency: str
    pay_before: datetime
    items: tuple[BookedItem, ...] = ()


class BookingExtended(BookingEvent):
    """The hold lasts until `pay_before` now, later than before."""

    entity = "booking"
    pay_before: datetime


class BookingConfirmed(BookingEvent):
    """The held places are the buyer's: tickets are due."""

    entity = "booking"
    items: tuple[BookedItem, ...]
    prices: int
    currency: str


class BookingFailed(BookingEvent):
    """The places went back because nothing was or could be paid; whatever was paid goes back too."""

    entity = "booking"
    reason: Literal["declined", "amount_mismatch", "no_room", "limit_reached", "sale_closed", "cancelled"]


class BookingExpired(BookingEvent):
    """The hold ran out unpaid and the places went back."""

    entity = "booking"


class BookingCancelled(BookingEvent):
    """The places went back on purpose and tickets are void.

    Of what was paid, `refund` minor units at the most go back; all of it where that is None.
    """

    entity = "booking"
    reason: Literal["buyer", "ticket_rejected", "event_cancelled", "refunded", "organiser"]
    refund: int | None = None
    message: str = ""  # the organiser's, where the event is cancelled


class AvailabilityChanged(BusEvent):
    """Of one event type another thing is to be said than before; `changed_at` orders them."""

    source = "ticketing.booking"
    entity = "event_type"
    event_type_id: str
    event_id: str
    word: Literal["available", "few_left", "all_held", "sold_out", "paused", "not_on_sale_yet", "ended"]
    changed_at: datetime


class CapacityChanged(BusEvent):
    """So many places of the event type exist now; of two, the higher `version` is the newer."""

    source = "ticketing.booking"
    entity = "event_type"
    event_type_id: str
    event_id: str
    capacity: int
    version: int
