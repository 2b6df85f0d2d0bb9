"""Request and response bodies."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictBool

from common.api import Request, ResponseModel
from common.store import Item
from notify.core.model import Kind, State, Trigger

UnreadFilter = Annotated[bool | None, Field(description="true: only what is unread; false: only what was read")]


class ReadRequest(Request):
    """Whether the caller has read it."""

    read: Annotated[StrictBool, Field(description="false takes the mark back", examples=[True])]


class NotificationView(ResponseModel):
    """One thing that the caller was told, or is about to be."""

    id: str
    user_id: str
    kind: Kind
    status: Annotated[
        State,
        Field(
            description="PENDING: being sent. SENT: handed to the mail service. FAILED: could not be sent. "
            "DISCARDED: no longer so when it was to be sent. SUPPRESSED: not mailed, as the caller's settings ask."
        ),
    ]
    booking_id: str | None = None
    event_id: str | None = None
    payment_id: str | None = None
    ticket_id: str | None = None
    transfer_id: str | None = None
    tries: Annotated[int, Field(description="how often it was sent or given up")]
    sent_at: datetime | None = None
    read_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_item(cls, item: Item) -> "NotificationView":
        tries = sum(one["action"] in (Trigger.SEND, Trigger.FAIL) for one in item["logs"])
        return cls.model_validate(item | {"tries": tries})
