"""The timer of a published event: when its time is over, so is the sale."""

from common.bus.events import EventPublished
from common.consumer import consumer
from events.core import service


@consumer
def handler(event: EventPublished) -> None:
    """End the event at the `ends_at` that it has by then."""
    service.end(event.event_id)
