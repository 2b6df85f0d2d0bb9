"""GET /v1/events/{event_id}: one published event."""

from common.api import IfNoneMatch, NotModified, Ok, endpoint
from common.revision import polled
from events.core import repository, standing
from events.core.errors import EventUnknown
from events.core.schemas import EventView


@endpoint(refuses=[EventUnknown])
def handler(event_id: str, known: IfNoneMatch) -> Ok[EventView] | NotModified:
    """Read an event with its types, also once it is cancelled or over; a draft is not there yet."""
    event = standing.of(repository.public(event_id))
    return polled(EventView.model_validate(event), known, of=event, cache="no-cache")
