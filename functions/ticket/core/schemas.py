"""Request and response models of the ticket service."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from common.api import Request, ResponseModel
from ticket.core.model import State, TransferState

# Printed text: no control characters, no bidirectional overrides, not blank.
_HIDDEN = r"\u007f-\u009f\u2028-\u202e\u2066-\u2069"
_CONTROL = r"\u0000-\u001f"
_BLANK = r"\u0020\u00a0\u00ad\u034f\u1680\u180e\u2000-\u200f\u202f\u205f-\u2064\u206a-\u206f\u3000\ufeff"
_LINE = rf"^[^{_CONTROL}{_HIDDEN}]*[^{_CONTROL}{_HIDDEN}{_BLANK}][^{_CONTROL}{_HIDDEN}]*$"
_CONTROL_IN_LINES = r"\u0000-\u0008\u000b-\u001f"
_LINES = rf"^[^{_CONTROL_IN_LINES}{_HIDDEN}]*[^{_CONTROL}{_HIDDEN}{_BLANK}][^{_CONTROL_IN_LINES}{_HIDDEN}]*$"


class AttendeeView(ResponseModel):
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
    def from_item(cls, item: dict[str, Any], types: dict[str, str]) -> "AttendeeView":
        """`types`: names by event type id."""
        return cls.model_validate(item | {"ticket_id": item["id"], "type_name": types.get(item["event_type_id"])})


class TicketRequest(Request):
    """What is printed on a ticket beside its code, and a note that its owner does not see."""

    holder_name: Annotated[str, Field(min_length=1, max_length=120, pattern=_LINE)] | None = None
    seat: Annotated[str, Field(min_length=1, max_length=40, pattern=_LINE)] | None = None
    note: Annotated[str, Field(min_length=1, max_length=500, pattern=_LINES)] | None = None


class TransferRequest(Request):
    """To whom a ticket is offered."""

    to_user_id: Annotated[str, Field(min_length=1, max_length=64)]


class TransferView(ResponseModel):
    """An offer of a ticket to another person, as both see it."""

    id: str
    ticket_id: str
    event_id: str
    from_user_id: str
    to_user_id: str
    status: TransferState
    created_at: datetime


class TicketView(ResponseModel):
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
    def from_item(cls, item: dict[str, Any]) -> "TicketView":
        """The owner's view: without the note."""
        return cls.model_validate(item | {"code": item.get("latest_code") or item.get("code"), "note": None})

    @classmethod
    def for_organiser(cls, item: dict[str, Any]) -> "TicketView":
        """The organiser's view: without code and QR payload."""
        return cls.model_validate(item | {"code": None, "qr_payload": None})


CheckInNonce = Annotated[str, Field(description="the nonce that a check-in of the caller's was made with")]


class CheckInRequest(Request):
    """A scan at the door: the opaque code or the content of the QR code."""

    event_id: Annotated[str, Field(min_length=1, max_length=64)]
    code: Annotated[str, Field(min_length=1, max_length=300)]
    nonce: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$")]


class CheckInView(ResponseModel):
    """One admission, and what the person at the door is to know of the ticket; `undone_at` once it was taken back."""

    nonce: str
    event_id: str
    ticket_id: str
    event_type_id: str
    type_name: str | None = None
    holder_name: str | None = None
    seat: str | None = None
    note: str | None = None
    checked_in_at: datetime
    undone_at: datetime | None = None


class DoorEvent(ResponseModel):
    """The event as the door's copy has it: tickets admit from `doors_at` on; `types` are names by id."""

    id: str
    name: str
    venue: str
    city: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    doors_at: datetime | None = None
    status: str
    types: dict[str, str]


class DoorKey(ResponseModel):
    """A public key (JWK, RFC 8037) that proves the event's tickets with this `kid`."""

    kid: str
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    x: str


class Revocation(ResponseModel):
    """A ticket whose codes up to this serial are dead; all of them where it is null."""

    ticket_id: str
    serial: int | None


class DoorCounts(ResponseModel):
    """Tickets of the event since the beginning: made, void again, and admissions that stand."""

    issued: int
    void: int
    checked_in: int


class DoorView(ResponseModel):
    """What a door needs to admit."""

    event: DoorEvent
    keys: tuple[DoorKey, ...]
    revoked: tuple[Revocation, ...]
    counts: DoorCounts
