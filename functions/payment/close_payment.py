"""A timer: when the hold is over, what was not paid is closed at the provider and fails."""

from common.bus.booking import BookingOrdered
from common.consumer import consumer
from payment.core import closing


@consumer
def handler(order: BookingOrdered) -> None:
    """Close the payment at its own deadline, which may be later than the order's."""
    closing.at_deadline(order)
