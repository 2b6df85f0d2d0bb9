"""GET /v1/sessions: where the caller is logged in, and was; the newest first."""

from auth.core import session_repository
from auth.core.schemas import SessionView
from common.api import Caller, PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken


@endpoint(errors=[InvalidPageToken])
def handler(caller: Caller, paging: PageParams) -> PageResponse[SessionView]:
    """One page of the sessions of the last thirty days; those that are over say when they ended."""
    page = session_repository.BY_USER.page(caller.user_id, limit=paging.limit, token=paging.token)
    return PageResponse[SessionView].from_page(page, lambda item: SessionView.from_item(item, caller.session_id))
