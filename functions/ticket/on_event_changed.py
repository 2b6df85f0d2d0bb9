"""EventChanged: the copy follows, in whatever order the changes arrive."""

from common.bus.events import EventChanged
from common.consumer import consumer
from ticket.core import repository


@consumer
def handler(terms: EventChanged) -> None:
    repository.keep_event(terms)
