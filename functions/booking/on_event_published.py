"""EventPublished: its types go on sale, each with its stock."""

from booking.core import catalogue, tally
from common.bus.events import EventPublished
from common.consumer import consumer


@consumer
def handler(event: EventPublished) -> None:
    """Copy the terms and open the stock."""
    catalogue.learn(event)
    tally.tell(event.event_id)
