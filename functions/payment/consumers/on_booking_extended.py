"""BookingExtended: move the payment deadline with the hold."""

from common.bus.booking import BookingExtended
from common.consumer import consumer
from payment.core import lifecycle


@consumer
def handler(booking: BookingExtended) -> None:
    """Move the deadline to a later time, never back."""
    lifecycle.extend_deadline(booking.booking_id, booking.pay_before)
