"""POST /v1/bookings: hold places for the caller until they pay or the hold runs out."""

from booking.core import repository, service
from booking.core.errors import ORDER_REFUSALS
from booking.core.schemas import BookingRequest, BookingView
from common.api import Caller, Created, IdempotencyKey, endpoint


@endpoint(refuses=ORDER_REFUSALS)
def handler(request: BookingRequest, caller: Caller, idempotency_key: IdempotencyKey) -> Created[BookingView]:
    """Hold every requested place or none of them."""
    stored, replayed = service.order(caller.user_id, request, idempotency_key)
    view = BookingView.of(repository.read(stored), stored)
    return Created(view, f"/v1/bookings/{view.id}", replayed=replayed)
