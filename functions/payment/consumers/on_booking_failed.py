"""BookingFailed: close the payment, and refund money that was captured for the lost places."""

from common.bus.booking import BookingFailed
from common.consumer import consumer
from payment.core import lifecycle


@consumer
def handler(booking: BookingFailed) -> None:
    """Refund, unless this event merely echoes our own PaymentFailed."""
    lifecycle.on_failed(booking.booking_id, booking.reason)
