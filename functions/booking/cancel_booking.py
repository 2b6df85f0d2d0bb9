"""POST /v1/bookings/{booking_id}/cancel: give the places back, before they are paid or as the event's terms allow."""

from booking.core import ending
from booking.core.errors import BookingUnknown, NotCancellable, NotRefundable, TicketPassedOn, TicketUsed
from booking.core.schemas import BookingView
from common.api import Caller, endpoint


@endpoint(refuses=[BookingUnknown, NotCancellable, NotRefundable, TicketUsed, TicketPassedOn])
def handler(booking_id: str, caller: Caller) -> BookingView:
    """Cancel a booking; of what was paid goes back what the event's terms say, and money that still arrives all."""
    return BookingView.of(ending.cancel(booking_id, caller.user_id))
