"""EventCancelled: its door admits nobody, and bookings that are paid late get no tickets."""

from common.bus.events import EventCancelled
from common.consumer import consumer
from ticket.core import repository


@consumer
def handler(terms: EventCancelled) -> None:
    repository.keep_event(terms)
