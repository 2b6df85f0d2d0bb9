"""BookingExpired: the buyer is told that the places went back."""

from common.bus.booking import BookingExpired
from common.consumer import consumer_that_gives_up
from notify.core import service


@consumer_that_gives_up(by=service.give_up)
def handler(expired: BookingExpired) -> None:
    service.tell(expired)
