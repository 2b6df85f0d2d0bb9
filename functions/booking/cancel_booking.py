"""DELETE /v1/bookings/{booking_id}: give the places back before they are paid."""

from booking.core import service
from booking.core.errors import BookingUnknown, NotCancellable
from booking.core.schemas import BookingView
from common.api import Caller, endpoint


@endpoint(refuses=[BookingUnknown, NotCancellable])
def handler(booking_id: str, caller: Caller) -> BookingView:
    """Cancel a booking that waits for its payment; money that still arrives goes back."""
    return BookingView.of(service.cancel(booking_id, caller.user_id))
