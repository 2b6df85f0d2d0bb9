"""EventPublished, EventChanged, EventCancelled: update the copy of the event (organiser and names)."""

from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.consumer import consumer
from payment.core import event_copy


@consumer
def handler(event: EventPublished | EventChanged | EventCancelled) -> None:
    """Keep the newest version, in whatever order the events arrive."""
    event_copy.upsert(event)
