"""BookingCancelled: the buyer is told that the booking is over, and what comes back of the money."""

from common.bus.booking import BookingCancelled
from common.consumer import consumer
from notify.core import service


@consumer
def handler(cancelled: BookingCancelled) -> None:
    service.tell(cancelled)
