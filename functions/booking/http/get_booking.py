"""GET /v1/bookings/{booking_id}: one of the caller's bookings."""

from booking.core import repository
from booking.core.errors import BookingNotFound
from booking.core.schemas import BookingView
from common.api import Caller, IfNoneMatch, NotModified, Ok, endpoint
from common.conditional_requests import not_modified_or


@endpoint(errors=[BookingNotFound])
def handler(booking_id: str, caller: Caller, if_none_match: IfNoneMatch) -> Ok[BookingView] | NotModified:
    """The booking with its items, its state and everything that happened to it."""
    return not_modified_or(BookingView.from_booking(repository.get_owned(booking_id, caller.user_id)), if_none_match)
