"""BookingCancelled: void its tickets."""

from common.bus.booking import BookingCancelled
from common.consumer import consumer
from ticket.core import issuance


@consumer
def handler(booking: BookingCancelled) -> None:
    issuance.cancel(booking.booking_id)
