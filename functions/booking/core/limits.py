"""How many places of an event one person has, and may have."""

from booking.core.model import Booking
from common.store import Update

TABLE = "bookings"


def taken(booking: Booking, max_per_user: int) -> Update:
    """The write that counts the booking's places, if the person may have so many."""
    return Update(
        TABLE,
        key(booking),
        "ADD #held :more",
        condition="attribute_not_exists(#held) OR #held <= :room",
        values={"more": booking.quantity, "room": max_per_user - booking.quantity},
    )


def given_back(booking: Booking) -> Update:
    """The write that counts them no more."""
    return Update(TABLE, key(booking), "ADD #held :back", values={"back": -booking.quantity})


def key(booking: Booking) -> dict[str, str]:
    return {"pk": f"{booking.event_id}#{booking.user_id}", "sk": "limit"}
