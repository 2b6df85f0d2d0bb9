"""What ticket takes and shows at a door."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from common.api import Request, View

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
