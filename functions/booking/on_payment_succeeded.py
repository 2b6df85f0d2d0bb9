"""PaymentSucceeded: the money is in, so the held places become the buyer's."""

from booking.core import service
from common.bus.payment import PaymentSucceeded
from common.consumer import consumer


@consumer
def handler(payment: PaymentSucceeded) -> None:
    """Confirm; late, only if the places can be had once more."""
    service.confirm(payment.booking_id, payment.payment_id)
