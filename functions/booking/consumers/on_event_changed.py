"""EventPublished, EventChanged: copy the sale terms and create the inventory of new event types."""

from booking.core import availability, event_copy
from common.bus.events import EventChanged, EventPublished
from common.consumer import consumer


@consumer
def handler(event: EventPublished | EventChanged) -> None:
    """Copy the terms unless newer ones are stored; cancel_bookings handles EventCancelled."""
    event_copy.upsert(event)
    availability.publish_availability(event.event_id)
