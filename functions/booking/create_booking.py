"""POST /v1/bookings: hold places for the caller until they pay or the hold runs out."""

from booking.core import service
from booking.core.order_errors import ORDER_REFUSALS
from booking.core.schemas import BookingRequest, BookingView
from common.api import Caller, Created, IdempotencyKey, endpoint


@endpoint(refuses=ORDER_REFUSALS)
def handler(request: BookingRequest, caller: Caller, idempotency_key: IdempotencyKey) -> Created[BookingView]:
    """Hold every requested place or none of them."""
    booking, replayed = service.order(caller.user_id, request, idempotency_key)
    return Created(BookingView.of(booking), f"/v1/bookings/{booking.id}", replayed=replayed)
