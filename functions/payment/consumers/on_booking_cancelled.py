"""BookingCancelled: close the payment; refund the amount that the event names, or all of it."""

from common.bus.booking import BookingCancelled
from common.consumer import consumer
from payment.core import lifecycle


@consumer
def handler(booking: BookingCancelled) -> None:
    """Close an unpaid payment, or refund a paid one."""
    lifecycle.on_cancelled(booking.booking_id, booking.refund)
