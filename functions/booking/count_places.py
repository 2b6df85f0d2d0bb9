"""Whatever happens to bookings: what is sold is counted, and what is to be said of the places is said."""

from booking.core import tally
from common.burst import burst
from common.bus.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingFailed,
    BookingOrdered,
    CapacityChanged,
)


@burst
def handler(
    *changes: BookingOrdered | BookingConfirmed | BookingFailed | BookingExpired | BookingCancelled | CapacityChanged,
) -> None:
    """Count those that were or are confirmed; then look at each event once."""
    tally.count(one.booking_id for one in changes if isinstance(one, BookingConfirmed | BookingCancelled))
    for event_id in dict.fromkeys(one.event_id for one in changes):
        tally.tell(event_id)
