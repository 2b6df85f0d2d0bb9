"""EventCancelled: no place is sold any more, and every booking ends, its buyer is told and paid back."""

from booking.core import cancellation
from common.bus.events import EventCancelled
from common.consumer import consumer


@consumer
def handler(event: EventCancelled) -> None:
    """Cancel a slice of them, and come again until there are none."""
    cancellation.go_on(event)
