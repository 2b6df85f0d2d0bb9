"""BookingOrdered: something is due, so its payment opens; nothing is due, and it is paid."""

from common.bus.booking import BookingOrdered
from common.consumer import consumer
from payment.core import service


@consumer
def handler(order: BookingOrdered) -> None:
    """Open the payment once."""
    service.open_for(order)
