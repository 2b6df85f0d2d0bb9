"""BookingFailed: the buyer is told why, and that the money comes back."""

from common.bus.booking import BookingFailed
from common.consumer import consumer_that_gives_up
from notify.core import service


@consumer_that_gives_up(by=service.give_up)
def handler(failed: BookingFailed) -> None:
    service.tell(failed)
