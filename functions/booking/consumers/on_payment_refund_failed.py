"""PaymentRefundFailed: subtract the failed refund from the refunded sum."""

from booking.core import release
from common.bus.payment import PaymentRefundFailed
from common.consumer import consumer


@consumer
def handler(payment: PaymentRefundFailed) -> None:
    """Store the remaining sum; an ended booking stays ended."""
    release.apply_refund(payment)
