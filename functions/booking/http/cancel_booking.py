"""POST /v1/bookings/{booking_id}/cancel: cancel a booking, by the event's refund terms once it is paid."""

from booking.core import release
from booking.core.errors import BookingNotFound, NotCancellable, NotRefundable, TicketTransferred, TicketUsed
from booking.core.schemas import BookingView
from common.api import Caller, endpoint


@endpoint(errors=[BookingNotFound, NotCancellable, NotRefundable, TicketUsed, TicketTransferred])
def handler(booking_id: str, caller: Caller) -> BookingView:
    """Cancel a booking; of what was paid goes back what the event's terms say, and money that still arrives all."""
    return BookingView.from_booking(release.cancel(booking_id, caller.user_id))
