"""BookingOrdered: open the payment; a free booking's payment succeeds immediately."""

from common.bus.booking import BookingOrdered
from common.consumer import consumer
from payment.core import lifecycle


@consumer
def handler(order: BookingOrdered) -> None:
    """Open the payment once, even if the event is redelivered."""
    lifecycle.open_payment(order)
