"""PUT /v1/notifications/{notification_id}: the caller has read it, or wants to read it again."""

from common.api import Caller, endpoint
from notify.core import repository, service
from notify.core.errors import NotificationNotFound
from notify.core.schemas import NotificationView, ReadRequest


@endpoint(errors=[NotificationNotFound])
def handler(notification_id: str, request: ReadRequest, caller: Caller) -> NotificationView:
    """Mark it as read or unread. Harmless to repeat: `read_at` is when it was first read."""
    notification = service.get_owned(caller, notification_id)
    return NotificationView.from_item(repository.set_read(notification, read=request.read))
