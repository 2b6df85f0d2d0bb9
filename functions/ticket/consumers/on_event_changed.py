"""EventPublished, EventChanged, EventCancelled: update the local copy of the event."""

from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.consumer import consumer
from ticket.core import event_copy


@consumer
def handler(event: EventPublished | EventChanged | EventCancelled) -> None:
    """Keep the newest version, in any order of arrival."""
    event_copy.upsert(event)
