"""EventPublished, a day before the event begins: everybody with tickets is reminded."""

from common.bus.events import EventPublished
from common.consumer import consumer
from notify.core import audience


@consumer
def handler(published: EventPublished) -> None:
    audience.remind(published)
