"""EventPublished, EventChanged, EventCancelled: update the copy of the event."""

from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.consumer import consumer
from notify.core import event_copy


@consumer
def handler(event: EventPublished | EventChanged | EventCancelled) -> None:
    """Keep the newest version, in whatever order they arrive."""
    event_copy.upsert(event)
