"""BookingFailed: money that came for places that are gone goes back."""

from common.bus.booking import BookingFailed
from common.consumer import consumer
from payment.core import closing


@consumer
def handler(booking: BookingFailed) -> None:
    """Refund, if it was money that booking answered for and not our own word that there was none."""
    closing.failed(booking.booking_id, booking.reason)
