"""BookingExpired: notify the buyer that the hold has expired."""

from common.bus.booking import BookingExpired
from common.consumer import consumer
from notify.core import service


@consumer
def handler(expired: BookingExpired) -> None:
    service.create_notifications(expired)
