"""POST /v1/bookings/{booking_id}/extend: hold the places longer, once."""

from booking.core import service
from booking.core.errors import AlreadyExtended, BookingUnknown, HoldAtItsLongest, HoldOver, NotExtendable
from booking.core.schemas import BookingView
from common.api import Caller, endpoint


@endpoint(refuses=[BookingUnknown, AlreadyExtended, NotExtendable, HoldAtItsLongest, HoldOver])
def handler(booking_id: str, caller: Caller) -> BookingView:
    """Extend the hold by the event's hold length again, never beyond 30 minutes in all nor the end of the sale."""
    return BookingView.of(service.extend(booking_id, caller.user_id))
