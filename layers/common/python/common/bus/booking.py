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
    """The places went back on purpose; whatever was paid goes back too and tickets are void."""

    entity = "booking"
    reason: Literal["buyer", "ticket_rejected"]
