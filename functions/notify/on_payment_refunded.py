"""PaymentRefunded: the buyer is told that the money is on its way."""

from common.bus.payment import PaymentRefunded
from common.consumer import consumer_that_gives_up
from notify.core import service


@consumer_that_gives_up(by=service.give_up)
def handler(refunded: PaymentRefunded) -> None:
    service.tell(refunded)
