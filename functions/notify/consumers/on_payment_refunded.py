"""PaymentRefunded: notify the buyer of the refund."""

from common.bus.payment import PaymentRefunded
from common.consumer import consumer
from notify.core import service


@consumer
def handler(refunded: PaymentRefunded) -> None:
    service.create_notifications(refunded)
