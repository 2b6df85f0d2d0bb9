"""PaymentFailed: nothing will be paid, so the places go back."""

from booking.core import ending
from common.bus.payment import PaymentFailed
from common.consumer import consumer


@consumer
def handler(payment: PaymentFailed) -> None:
    """Expire the booking if time ran out, fail it for any other reason."""
    ending.unpaid(payment.booking_id, payment.reason)
