"""EventChanged: orders are taken under the new terms from now on."""

from booking.core import catalogue, tally
from common.bus.events import EventChanged
from common.consumer import consumer


@consumer
def handler(event: EventChanged) -> None:
    """Copy the terms, unless newer ones are known."""
    catalogue.learn(event)
    tally.tell(event.event_id)
