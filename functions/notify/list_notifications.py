"""GET /v1/notifications: what the caller was told, newest first."""

from common.api import Caller, PageOf, Paging, endpoint
from common.cursor import BadToken
from notify.core import repository
from notify.core.schemas import NotificationView


@endpoint(refuses=[BadToken])
def handler(caller: Caller, paging: Paging) -> PageOf[NotificationView]:
    """List the caller's notifications."""
    page = repository.MINE.page(caller.user_id, limit=paging.limit, token=paging.token)
    return PageOf[NotificationView].of(page, NotificationView.of)
