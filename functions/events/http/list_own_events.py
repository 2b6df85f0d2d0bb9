"""GET /v1/users/{user_id}/events: one's own events, drafts too."""

from common.api import Caller, PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken
from events.core import service
from events.core.errors import OrganiserNotFound
from events.core.schemas import OrganiserEventView


@endpoint(errors=[OrganiserNotFound, InvalidPageToken])
def handler(user_id: str, caller: Caller, paging: PageParams) -> PageResponse[OrganiserEventView]:
    """List all events that one organises, newest first."""
    return PageResponse[OrganiserEventView].from_page(
        service.list_own(caller, user_id, paging), OrganiserEventView.model_validate
    )
