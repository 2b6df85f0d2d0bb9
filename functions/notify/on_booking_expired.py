"""BookingExpired: the buyer is told that the places went back."""

from common.bus.booking import BookingExpired
from common.consumer import consumer
from notify.core import service


@consumer
def handler(expired: BookingExpired) -> None:
    service.tell(expired)
