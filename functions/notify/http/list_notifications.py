"""GET /v1/notifications: what the caller was told, newest first, or only what is unread."""

from common.api import Caller, PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken
from notify.core import repository
from notify.core.schemas import NotificationView, UnreadFilter


@endpoint(errors=[InvalidPageToken])
def handler(caller: Caller, paging: PageParams, unread: UnreadFilter = None) -> PageResponse[NotificationView]:
    """List the caller's notifications; such a page may be short, and another follows while there is a token."""
    page = repository.list_by_user(caller.user_id, paging, unread=unread)
    return PageResponse[NotificationView].from_page(page, NotificationView.from_item)
