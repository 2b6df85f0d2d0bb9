"""EventPublished, EventChanged: types go on sale, each with its stock, and orders are taken under the newest terms."""

from booking.core import catalogue, tally
from common.bus.events import EventChanged, EventPublished
from common.consumer import consumer


@consumer
def handler(event: EventPublished | EventChanged) -> None:
    """Copy the terms, unless newer ones are known; EventCancelled is the business of cancel_bookings."""
    catalogue.learn(event)
    tally.tell(event.event_id)
