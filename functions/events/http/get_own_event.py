"""GET /v1/users/{user_id}/events/{event_id}: one of one's own events, also as a draft."""

from common.api import Caller, IfNoneMatch, NotModified, Ok, endpoint
from common.conditional_requests import not_modified_or
from events.core import service
from events.core.errors import EventNotFound, OrganiserNotFound
from events.core.schemas import OrganiserEventView


@endpoint(errors=[OrganiserNotFound, EventNotFound])
def handler(
    user_id: str, event_id: str, caller: Caller, if_none_match: IfNoneMatch
) -> Ok[OrganiserEventView] | NotModified:
    """Read an event that one organises; its ETag is what editing it or its types needs."""
    event = service.get_own(caller, user_id, event_id)
    return not_modified_or(OrganiserEventView.model_validate(event), if_none_match, item=event)
