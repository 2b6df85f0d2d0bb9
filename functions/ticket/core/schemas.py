"""What ticket takes and shows."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from common.api import Request, View
from ticket.core.model import State


class CheckInRequest(Request):
    """A scan at the door: the opaque code or the content of the QR code."""

    event_id: Annotated[str, Field(min_length=1, max_length=64)]
    code: Annotated[str, Field(min_length=1, max_length=300)]
    nonce: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$")]


class CheckInView(View):
    """One admission."""

    nonce: str
    event_id: str
    ticket_id: str
    event_type_id: str
    checked_in_at: datetime


class TicketView(View):
    """A ticket as its owner sees it; without a code until it is issued."""

    id: str
    user_id: str
    booking_id: str
    booking_item_id: str
    event_type_id: str
    event_id: str
    issued_at: datetime | None = None
    code: str | None = None
    qr_payload: str | None = None
    status: State
    serial: int
    checked_in_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, item: dict[str, Any]) -> "TicketView":
        return cls.model_validate(item)
