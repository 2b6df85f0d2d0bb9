"""Bus events of booking."""

from datetime import datetime
from typing import Literal

from common.bus.base import BusEvent, EventPart


class BookedItem(EventPart):
    """Places of one event type at the price of the hold."""

    event_type_id: str
    qty: int
    unit_price: int  # minor units


class BookingEvent(BusEvent):
    source = "ticketing.booking"
    booking_id: str
    user_id: str
    event_id: str


class BookingOrdered(BookingEvent):
    """Places are held for a user until `pay_before`; `prices` is the amount due in minor units."""

    entity = "booking"
    quantity: int
    prices: int
    currency: str
    pay_before: datetime
    items: tuple[BookedItem, ...] = ()


class BookingExtended(BookingEvent):
    """The hold was extended to `pay_before`."""

    entity = "booking"
    pay_before: datetime


class BookingConfirmed(BookingEvent):
    """The booking is paid or free of charge; its tickets are issued next."""

    entity = "booking"
    items: tuple[BookedItem, ...]
    prices: int
    currency: str


class BookingFailed(BookingEvent):
    """The payment failed or came too late and the places were released; any payment is refunded in full."""

    entity = "booking"
    reason: Literal["declined", "amount_mismatch", "no_room", "limit_reached", "sale_closed", "cancelled"]


class BookingExpired(BookingEvent):
    """The hold expired unpaid and the places were released."""

    entity = "booking"


class BookingCancelled(BookingEvent):
    """The booking was cancelled: its places were released and its tickets are void.

    At most `refund` minor units of the payment are refunded; all of it if None.
    """

    entity = "booking"
    reason: Literal["buyer", "ticket_rejected", "event_cancelled", "refunded", "organiser"]
    refund: int | None = None
    message: str = ""  # from the organiser, if the event was cancelled


class AvailabilityChanged(BusEvent):
    """The availability status of an event type changed; the latest `changed_at` wins."""

    source = "ticketing.booking"
    entity = "event_type"
    event_type_id: str
    event_id: str
    availability: Literal["available", "few_left", "all_held", "sold_out", "paused", "not_on_sale_yet", "ended"]
    changed_at: datetime


class CapacityChanged(BusEvent):
    """The capacity of the event type is now `capacity`; the highest `version` is the newest."""

    source = "ticketing.booking"
    entity = "event_type"
    event_type_id: str
    event_id: str
    capacity: int
    version: int
