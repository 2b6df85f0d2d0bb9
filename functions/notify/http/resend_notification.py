"""POST /v1/notifications/{notification_id}/resend: the caller did not get the mail."""

from common.api import Caller, endpoint
from notify.core import service
from notify.core.errors import NotificationNotFound, NotResendable, ResendTooSoon
from notify.core.schemas import NotificationView


@endpoint(errors=[NotificationNotFound, NotResendable, ResendTooSoon])
def handler(notification_id: str, caller: Caller) -> NotificationView:
    """Send what could not be sent, or tickets once more; the answer is PENDING, and the list says what became of it."""
    return NotificationView.from_item(service.resend(caller, notification_id))
