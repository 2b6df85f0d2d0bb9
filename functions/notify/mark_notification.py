"""PUT /v1/notifications/{notification_id}: the caller has read it, or wants to read it again."""

from common.api import Caller, endpoint
from notify.core import repository, service
from notify.core.errors import NotificationUnknown
from notify.core.schemas import NotificationView, ReadRequest


@endpoint(refuses=[NotificationUnknown])
def handler(notification_id: str, request: ReadRequest, caller: Caller) -> NotificationView:
    """Mark it as read or unread. Harmless to repeat: `read_at` is when it was first read."""
    notice = service.owned(caller, notification_id)
    return NotificationView.of(repository.marked(notice, read=request.read))
