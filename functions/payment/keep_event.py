"""EventPublished, EventChanged, EventCancelled: who organises an event and what its places are called is kept."""

from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.consumer import consumer
from payment.core import catalogue


@consumer
def handler(event: EventPublished | EventChanged | EventCancelled) -> None:
    """Keep the newest, in whatever order they arrive."""
    catalogue.keep(event)
