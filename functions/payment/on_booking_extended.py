"""BookingExtended: the hold lasts longer, and with it the time to pay."""

from common.bus.booking import BookingExtended
from common.consumer import consumer
from payment.core import service


@consumer
def handler(booking: BookingExtended) -> None:
    """Move the deadline, never back."""
    service.extend(booking.booking_id, booking.pay_before)
