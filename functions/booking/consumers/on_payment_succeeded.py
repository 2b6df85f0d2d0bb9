"""PaymentSucceeded: confirm the booking."""

from booking.core import holds
from common.bus.payment import PaymentSucceeded
from common.consumer import consumer


@consumer
def handler(payment: PaymentSucceeded) -> None:
    """Confirm; after the hold has ended, only if its places can be reacquired."""
    holds.confirm(payment.booking_id, payment.payment_id)
