"""BookingCancelled: nothing is due any more, and whatever was paid goes back."""

from common.bus.booking import BookingCancelled
from common.consumer import consumer
from payment.core import closing


@consumer
def handler(booking: BookingCancelled) -> None:
    """Close the payment, or refund it."""
    closing.cancelled(booking.booking_id)
