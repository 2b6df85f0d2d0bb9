"""What notify shows."""

from datetime import datetime

from common.api import View
from common.cursor import Page
from notify.core.model import Kind, State


class NotificationView(View):
    """One thing that the caller was told."""

    id: str
    user_id: str
    kind: Kind
    status: State
    booking_id: str
    payment_id: str | None = None
    read_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


class NotificationPage(View):
    """The caller's notifications, newest first."""

    items: list[NotificationView]
    next_token: str | None
    previous_token: str | None

    @classmethod
    def of(cls, page: Page) -> "NotificationPage":
        items = [NotificationView.model_validate(item) for item in page.items]
        return cls(items=items, next_token=page.next_token, previous_token=page.previous_token)
