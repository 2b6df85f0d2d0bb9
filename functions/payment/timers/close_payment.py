"""BookingOrdered, at the payment deadline: end the unpaid checkout at the provider and fail the payment."""

from common.bus.booking import BookingOrdered
from common.consumer import consumer
from payment.core import lifecycle


@consumer
def handler(order: BookingOrdered) -> None:
    """Close the payment at its own deadline, which may be later than the order's."""
    lifecycle.close_at_deadline(order)
