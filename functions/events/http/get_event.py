"""GET /v1/events/{event_id}: one published event."""

from common.api import IfNoneMatch, NotModified, Ok, endpoint
from common.conditional_requests import not_modified_or
from events.core import live_view, repository
from events.core.errors import EventNotFound
from events.core.schemas import EventView


@endpoint(errors=[EventNotFound])
def handler(event_id: str, if_none_match: IfNoneMatch) -> Ok[EventView] | NotModified:
    """Read an event with its types, also once it is cancelled or over; a draft is not there yet."""
    event = live_view.with_live_data(repository.get_published(event_id))
    return not_modified_or(EventView.model_validate(event), if_none_match, item=event, cache_control="no-cache")
