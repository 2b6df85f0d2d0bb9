"""EventPublished, EventChanged: what people can find changes."""

from common.burst import burst
from common.bus.events import EventChanged, EventPublished
from events.core import indexing


@burst
def handler(*changes: EventPublished | EventChanged) -> None:
    indexing.refresh(one.event_id for one in changes)
