"""GET /v1/users/{user_id}/events: one's own events, drafts too."""

from common.api import Caller, PageOf, Paging, endpoint
from common.cursor import BadToken
from events.core import service
from events.core.errors import OrganiserUnknown
from events.core.schemas import OrganisedEventView


@endpoint(refuses=[OrganiserUnknown, BadToken])
def handler(user_id: str, caller: Caller, paging: Paging) -> PageOf[OrganisedEventView]:
    """List all events that one organises, newest first."""
    return PageOf[OrganisedEventView].of(service.all_own(caller, user_id, paging), OrganisedEventView.model_validate)
