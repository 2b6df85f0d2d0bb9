"""GET /v1/bookings/{booking_id}: one of the caller's bookings."""

from booking.core import repository
from booking.core.errors import BookingUnknown
from booking.core.schemas import BookingView
from common.api import Caller, endpoint


@endpoint(refuses=[BookingUnknown])
def handler(booking_id: str, caller: Caller) -> BookingView:
    """The booking with its items, its state and everything that happened to it."""
    return BookingView.of(repository.owned(booking_id, caller.user_id))
