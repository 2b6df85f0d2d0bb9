"""EventPublished, delayed until the end of the event: end it."""

from common.bus.events import EventPublished
from common.consumer import consumer
from events.core import service


@consumer
def handler(event: EventPublished) -> None:
    """End the event at its current `ends_at`, which may have been edited since publication."""
    service.end(event.event_id)
