"""BookingCancelled: nothing is due any more, and of what was paid as much goes back as it says."""

from common.bus.booking import BookingCancelled
from common.consumer import consumer
from payment.core import closing


@consumer
def handler(booking: BookingCancelled) -> None:
    """Close the payment, or refund it."""
    closing.cancelled(booking.booking_id, booking.refund)
