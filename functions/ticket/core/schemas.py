"""What ticket takes and shows."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from common.api import Request, View
from ticket.core.model import Offer, State

_LINE = r"^[^\u0000-\u001f\u007f]+$"  # no control characters: it is printed
SpentNonce = Annotated[str, Field(description="the nonce that a check-in of the caller's was made with")]


class CheckInRequest(Request):
    """A scan at the door: the opaque code or the content of the QR code."""

    event_id: Annotated[str, Field(min_length=1, max_length=64)]
    code: Annotated[str, Field(min_length=1, max_length=300)]
    nonce: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$")]


class CheckInView(View):
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


class DoorEvent(View):
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


class DoorKey(View):
    """A public key (JWK, RFC 8037) that proves the event's tickets with this `kid`."""

    kid: str
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    x: str


class Revocation(View):
    """A ticket whose codes up to this serial are dead; all of them where it is null."""

    ticket_id: str
    serial: int | None


class DoorCounts(View):
    """Tickets of the event since the beginning: made, void again, and admissions that stand."""

    issued: int
    void: int
    checked_in: int


class DoorView(View):
    """What a door needs to admit."""

    event: DoorEvent
    keys: tuple[DoorKey, ...]
    revoked: tuple[Revocation, ...]
    counts: DoorCounts


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
    note: Annotated[str, Field(min_length=1, max_length=500)] | None = None


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
