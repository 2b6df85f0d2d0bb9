"""GET /v1/sessions: where the caller is logged in, and was; the newest first."""

from auth.core import session_repository
from auth.core.schemas import SessionView
from common.api import Caller, PageOf, Paging, endpoint
from common.cursor import BadToken


@endpoint(refuses=[BadToken])
def handler(caller: Caller, paging: Paging) -> PageOf[SessionView]:
    """One page of the sessions of the last thirty days; those that are over say when they ended."""
    page = session_repository.MINE.page(caller.user_id, limit=paging.limit, token=paging.token)
    return PageOf[SessionView].of(page, lambda item: SessionView.of(item, caller.session_id))
