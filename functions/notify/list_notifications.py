"""GET /v1/notifications: what the caller was told, newest first, or only what is unread."""

from common.api import Caller, PageOf, Paging, endpoint
from common.cursor import BadToken
from notify.core import repository
from notify.core.schemas import NotificationView, Unread


@endpoint(refuses=[BadToken])
def handler(caller: Caller, paging: Paging, unread: Unread = None) -> PageOf[NotificationView]:
    """List the caller's notifications; such a page may be short, and another follows while there is a token."""
    page = repository.listed(caller.user_id, paging, unread=unread)
    return PageOf[NotificationView].of(page, NotificationView.of)
