"""POST /v1/bookings/{booking_id}/extend: extend the hold, once."""

from booking.core import holds
from booking.core.errors import AlreadyExtended, BookingNotFound, HoldAtMaximum, HoldExpired, NotExtendable
from booking.core.schemas import BookingView
from common.api import Caller, endpoint


@endpoint(errors=[BookingNotFound, AlreadyExtended, NotExtendable, HoldAtMaximum, HoldExpired])
def handler(booking_id: str, caller: Caller) -> BookingView:
    """Extend the hold by the event's hold length again, never beyond 30 minutes in all nor the end of the sale."""
    return BookingView.from_booking(holds.extend(booking_id, caller.user_id))
