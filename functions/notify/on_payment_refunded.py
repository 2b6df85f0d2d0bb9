"""PaymentRefunded: the buyer is told that the money is on its way."""

from common.bus.payment import PaymentRefunded
from common.consumer import consumer
from notify.core import service


@consumer
def handler(refunded: PaymentRefunded) -> None:
    service.tell(refunded)
