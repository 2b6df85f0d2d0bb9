"""BookingCancelled: the buyer is told that the booking is over."""

from common.bus.booking import BookingCancelled
from common.consumer import consumer_that_gives_up
from notify.core import service


@consumer_that_gives_up(by=service.give_up)
def handler(cancelled: BookingCancelled) -> None:
    service.tell(cancelled)
