"""All booking events and CapacityChanged: update sales counters and publish availability changes."""

from booking.core import availability
from common.batch_consumer import batch_consumer
from common.bus.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingFailed,
    BookingOrdered,
    CapacityChanged,
)


@batch_consumer
def handler(
    *events: BookingOrdered | BookingConfirmed | BookingFailed | BookingExpired | BookingCancelled | CapacityChanged,
) -> None:
    """Count confirmed and cancelled bookings; then publish availability once per event."""
    availability.count_bookings(
        one.booking_id for one in events if isinstance(one, BookingConfirmed | BookingCancelled)
    )
    for event_id in dict.fromkeys(one.event_id for one in events):
        availability.publish_availability(event_id)
