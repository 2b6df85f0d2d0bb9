"""POST /v1/bookings: hold places for the caller until they pay or the hold expires."""

from booking.core import holds
from booking.core.errors import ORDER_ERRORS
from booking.core.schemas import BookingRequest, BookingView
from common.api import Caller, Created, IdempotencyKey, endpoint


@endpoint(errors=ORDER_ERRORS)
def handler(request: BookingRequest, caller: Caller, idempotency_key: IdempotencyKey) -> Created[BookingView]:
    """Hold every requested place or none of them."""
    booking, replayed = holds.place_hold(caller.user_id, request, idempotency_key)
    return Created(BookingView.from_booking(booking), f"/v1/bookings/{booking.id}", replayed=replayed)
