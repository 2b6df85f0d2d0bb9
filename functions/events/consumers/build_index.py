"""Changes of events, categories, capacities and availability: update the search index."""

from common.batch_consumer import batch_consumer
from common.bus.booking import AvailabilityChanged, CapacityChanged
from common.bus.events import CategoryChanged, EventCancelled, EventChanged, EventPublished
from events.core import index_builder

EventOrCategoryChange = EventPublished | EventChanged | EventCancelled | CategoryChanged


@batch_consumer
def handler(*changes: EventOrCategoryChange | AvailabilityChanged | CapacityChanged) -> None:
    index_builder.refresh(changes)
