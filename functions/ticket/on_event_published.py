"""EventPublished: from here on its doors, its name and its times are known."""

from common.bus.events import EventPublished
from common.consumer import consumer
from ticket.core import repository


@consumer
def handler(terms: EventPublished) -> None:
    repository.keep_event(terms)
