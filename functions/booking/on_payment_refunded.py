"""PaymentRefunded: what has gone back is shown, and with all of it gone the places go back, too."""

from booking.core import ending
from common.bus.payment import PaymentRefunded
from common.consumer import consumer


@consumer
def handler(payment: PaymentRefunded) -> None:
    """Keep the sum; end a confirmed booking of which nothing is paid any more."""
    ending.refunded(payment)
