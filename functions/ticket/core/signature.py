"""What a ticket shows at the door: a signed text that needs no network, and an opaque code.

The signed text is `v.kid.event.ticket.type.serial.signature`: Ed25519 over all that stands before
the last dot, in characters that a QR code packs as alphanumeric (5.5 bits each). Every event has a
key of its own, derived from the secret, so a door can be given the public key of its event alone.
A new `kid` is put in front of KIDS and signs from then on; those behind it go on to verify.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = "1"
KIDS = ("1",)
CODE_LENGTH = 26  # characters of 5 bits each: 130 bits

_ID = re.compile(r"[0-9a-z-]{1,40}")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
_TYPED = str.maketrans("OIL", "011", "- ")


class BadSignature(Exception):
    """The text was not signed by us, or not in this form."""


@dataclass(frozen=True)
class Claims:
    """What a signed text says."""

    event: str
    ticket: str
    type: str
    serial: int


def sign(secret: str, claims: Claims, kid: str = KIDS[0]) -> str:
    """The text for the QR code, at most 300 characters; the same claims give the same text."""
    body = _body(claims, kid)
    return f"{body}.{_text(_key(secret, kid, claims.event).sign(body.encode()))}"


def verify(secret: str, text: str) -> Claims:
    """What the text says, once it is proven to be ours. Raises BadSignature."""
    claims, kid, signature = _parse(text)
    try:
        public_key(secret, claims.event, kid).verify(signature, _body(claims, kid).encode())
    except InvalidSignature:
        raise BadSignature from None
    return claims


def public_key(secret: str, event_id: str, kid: str = KIDS[0]) -> Ed25519PublicKey:
    """The key that proves the tickets of this event."""
    return _key(secret, kid, event_id).public_key()


def code(secret: str, ticket_id: str, serial: int) -> str:
    """The opaque code of a ticket: 130 bits that only we can compute."""
    digest = hmac.new(_derived(secret, "ticket-code"), f"{ticket_id}|{serial}".encode(), hashlib.sha256).digest()
    bits = int.from_bytes(digest) >> (len(digest) * 8 - CODE_LENGTH * 5)
    return "".join(_ALPHABET[bits >> 5 * at & 31] for at in reversed(range(CODE_LENGTH)))


def shown(secret: str, ticket: Mapping[str, Any], serial: int) -> dict[str, str]:
    """All that a ticket shows at the door in this serial."""
    claims = Claims(ticket["event_id"], ticket["id"], ticket["event_type_id"], serial)
    return {"code": code(secret, ticket["id"], serial), "qr_payload": sign(secret, claims)}


def typed(text: str) -> str:
    """A code as somebody typed it, made that of the ticket: case, blanks and look-alikes are forgiven."""
    return text.upper().translate(_TYPED)


def _body(claims: Claims, kid: str) -> str:
    if not all(_ID.fullmatch(part) for part in (claims.event, claims.ticket, claims.type)):
        raise ValueError("an id has characters that the signed text does not carry")
    return ".".join((VERSION, kid, *map(str, astuple(claims)))).upper()


def _parse(text: str) -> tuple[Claims, str, bytes]:
    try:
        version, kid, event, ticket, kind, serial, signed = text.split(".")
        claims = Claims(event.lower(), ticket.lower(), kind.lower(), int(serial))
        signature = base64.b32decode(signed + "=" * (-len(signed) % 8))
        exact = f"{_body(claims, kid)}.{_text(signature)}" == text
    except ValueError:
        raise BadSignature from None
    # One text per ticket: no second spelling of a number, a letter or the last bits is taken.
    if not exact or version != VERSION or kid not in KIDS:
        raise BadSignature
    return claims, kid, signature


def _text(signature: bytes) -> str:
    return base64.b32encode(signature).decode().rstrip("=")


def _key(secret: str, kid: str, event_id: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_derived(secret, f"ticket-signature|{kid}|{event_id}"))


def _derived(secret: str, info: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=info.encode()).derive(secret.encode())
