"""GET /v1/users/{user_id}/events/{event_id}: one of one's own events, also as a draft."""

from common.api import Caller, IfNoneMatch, NotModified, Ok, endpoint
from common.revision import polled
from events.core import service
from events.core.errors import EventUnknown, OrganiserUnknown
from events.core.schemas import OrganisedEventView


@endpoint(refuses=[OrganiserUnknown, EventUnknown])
def handler(user_id: str, event_id: str, caller: Caller, known: IfNoneMatch) -> Ok[OrganisedEventView] | NotModified:
    """Read an event that one organises; its ETag is what editing it or its types needs."""
    event = service.own(caller, user_id, event_id)
    return polled(OrganisedEventView.model_validate(event), known, of=event)
