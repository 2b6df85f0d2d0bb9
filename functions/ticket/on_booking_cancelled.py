"""BookingCancelled: its tickets admit nobody any more."""

from common.bus.booking import BookingCancelled
from common.consumer import consumer
from ticket.core import service


@consumer
def handler(booking: BookingCancelled) -> None:
    service.cancel(booking.booking_id)
