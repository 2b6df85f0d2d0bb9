"""EventPublished, EventChanged, EventCancelled: who admits to an event, when, and whether at all, is kept."""

from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.consumer import consumer
from ticket.core import repository


@consumer
def handler(event: EventPublished | EventChanged | EventCancelled) -> None:
    """Keep the newest, in whatever order they arrive."""
    repository.keep_event(event)
