"""BookingOrdered, delayed: expire a hold that payment has not ended."""

from booking.core import release
from common.bus.booking import BookingOrdered
from common.consumer import consumer


@consumer
def handler(booking: BookingOrdered) -> None:
    """Expire the hold some time after payment should have ended it."""
    release.expire(booking.booking_id)
