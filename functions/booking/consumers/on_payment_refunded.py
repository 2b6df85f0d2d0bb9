"""PaymentRefunded: store the refunded sum; a full refund cancels the booking."""

from booking.core import release
from common.bus.payment import PaymentRefunded
from common.consumer import consumer


@consumer
def handler(payment: PaymentRefunded) -> None:
    """Store the sum; cancel a confirmed booking that is refunded in full."""
    release.apply_refund(payment)
