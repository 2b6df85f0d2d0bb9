"""PaymentRefundFailed: what did not go back after all is not shown as sent back, and may go back again."""

from booking.core import ending
from common.bus.payment import PaymentRefundFailed
from common.consumer import consumer


@consumer
def handler(payment: PaymentRefundFailed) -> None:
    """Keep the sum that is left; a booking that had ended stays ended."""
    ending.refunded(payment)
