"""EventPublished, EventChanged, EventCancelled: mails name the event as it is now."""

from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.consumer import consumer
from notify.core import shows


@consumer
def handler(event: EventPublished | EventChanged | EventCancelled) -> None:
    """Keep the newest, in whatever order they arrive."""
    shows.keep(event)
