"""GET /v1/bookings/{booking_id}: one of the caller's bookings."""

from booking.core import repository
from booking.core.errors import BookingUnknown
from booking.core.schemas import BookingView
from common.api import Caller, IfNoneMatch, NotModified, Ok, endpoint
from common.revision import polled


@endpoint(refuses=[BookingUnknown])
def handler(booking_id: str, caller: Caller, known: IfNoneMatch) -> Ok[BookingView] | NotModified:
    """The booking with its items, its state and everything that happened to it."""
    return polled(BookingView.of(repository.owned(booking_id, caller.user_id)), known)
