"""PaymentFailed: end the booking and release its places."""

from booking.core import release
from common.bus.payment import PaymentFailed
from common.consumer import consumer


@consumer
def handler(payment: PaymentFailed) -> None:
    """Expire the booking if the payment expired; fail it for any other reason."""
    release.payment_failed(payment.booking_id, payment.reason)
