"""Whatever changes how an event is found: the catalogue's own bus events, and booking's word."""

from common.burst import burst
from common.bus.booking import AvailabilityChanged, CapacityChanged
from common.bus.events import CategoryChanged, EventCancelled, EventChanged, EventPublished
from events.core import indexing

Catalogued = EventPublished | EventChanged | EventCancelled | CategoryChanged


@burst
def handler(*changes: Catalogued | AvailabilityChanged | CapacityChanged) -> None:
    indexing.refresh(changes)
