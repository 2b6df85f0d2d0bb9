"""GET /v1/events/{event_id}: one published event."""

from common.api import endpoint
from events.core import repository
from events.core.errors import EventUnknown
from events.core.schemas import EventView


@endpoint(refuses=[EventUnknown])
def handler(event_id: str) -> EventView:
    """Read an event with its types; a draft is not there yet."""
    return EventView.model_validate(repository.public(event_id))
