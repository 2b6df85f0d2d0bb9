"""What ticket takes and shows."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from common.api import Request, View
from ticket.core.model import Offer, State

# What is printed or shown at a door has no control characters, none that turn the text around them, and is not blank.
_HIDDEN = r"\u007f-\u009f\u2028-\u202e\u2066-\u2069"
_CONTROL = r"\u0000-\u001f"
_BLANK = r"\u0020\u00a0\u00ad\u034f\u1680\u180e\u2000-\u200f\u202f\u205f-\u2064\u206a-\u206f\u3000\ufeff"
_LINE = rf"^[^{_CONTROL}{_HIDDEN}]*[^{_CONTROL}{_HIDDEN}{_BLANK}][^{_CONTROL}{_HIDDEN}]*$"
_CONTROL_IN_LINES = r"\u0000-\u0008\u000b-\u001f"
_LINES = rf"^[^{_CONTROL_IN_LINES}{_HIDDEN}]*[^{_CONTROL}{_HIDDEN}{_BLANK}][^{_CONTROL_IN_LINES}{_HIDDEN}]*$"


class AttendeeView(View):
    """A ticket of the event, as its organiser's list has it: with nothing that admits."""

    ticket_id: str
    booking_id: str
    user_id: str
    event_type_id: str
    type_name: str | None = None
    holder_name: str | None = None
    seat: str | None = None
    note: str | None = None
    status: State
    checked_in_at: datetime | None = None
    created_at: datetime

    @classmethod
    def of(cls, item: dict[str, Any], types: dict[str, str]) -> "AttendeeView":
        """The ticket, and what its type is called."""
        return cls.model_validate(item | {"ticket_id": item["id"], "type_name": types.get(item["event_type_id"])})


class TicketRequest(Request):
    """What is printed on a ticket beside its code, and a note that its owner does not see."""

    holder_name: Annotated[str, Field(min_length=1, max_length=120, pattern=_LINE)] | None = None
    seat: Annotated[str, Field(min_length=1, max_length=40, pattern=_LINE)] | None = None
    note: Annotated[str, Field(min_length=1, max_length=500, pattern=_LINES)] | None = None


class TransferRequest(Request):
    """To whom a ticket is offered."""

    to_user_id: Annotated[str, Field(min_length=1, max_length=64)]


class TransferView(View):
    """An offer of a ticket to another person, as both see it."""

    id: str
    ticket_id: str
    event_id: str
    from_user_id: str
    to_user_id: str
    status: Offer
    created_at: datetime


class TicketView(View):
    """A ticket; without a code until it is issued, and with a note for the organiser only."""

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
    holder_name: str | None = None
    seat: str | None = None
    note: str | None = None
    checked_in_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, item: dict[str, Any]) -> "TicketView":
        """As its owner sees it."""
        return cls.model_validate(item | {"code": item.get("latest_code") or item.get("code"), "note": None})

    @classmethod
    def for_organiser(cls, item: dict[str, Any]) -> "TicketView":
        """As the event's organiser sees it: with nothing that admits."""
        return cls.model_validate(item | {"code": None, "qr_payload": None})
