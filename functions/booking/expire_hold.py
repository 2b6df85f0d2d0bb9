"""The back-stop timer: a hold that payment has not answered for ends without it."""

from booking.core import ending
from common.bus.booking import BookingOrdered
from common.consumer import consumer


@consumer
def handler(booking: BookingOrdered) -> None:
    """Give the places back some time after payment should have ended the hold."""
    ending.expire(booking.booking_id)
