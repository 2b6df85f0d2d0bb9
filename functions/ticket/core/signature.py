"""A ticket's credentials: a signed payload for the QR code, which verifies offline, and an opaque code.

The payload is `v.kid.event.ticket.type.serial.signature`: an Ed25519 signature over everything before
the last dot, in the alphanumeric character set of QR codes (5.5 bits per character). Each event has its
own key, derived from the secret, so a door needs the public key of its own event only. To rotate keys,
put a new `kid` in front of KEY_IDS: the first one signs, all of them verify.
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
KEY_IDS = ("1",)
CODE_LENGTH = 26  # characters of 5 bits each: 130 bits

_ID_PATTERN = re.compile(r"[0-9a-z-]{1,40}")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
_LOOKALIKES = str.maketrans("OIL", "011", "- ")


class BadSignature(Exception):
    """The payload is malformed or its signature is invalid."""


@dataclass(frozen=True)
class Claims:
    """The content of a signed payload."""

    event: str
    ticket: str
    type: str
    serial: int


def sign(secret: str, claims: Claims, kid: str = KEY_IDS[0]) -> str:
    """The payload for the QR code, at most 300 characters. Deterministic. Raises ValueError on unencodable ids."""
    body = _signing_input(claims, kid)
    return f"{body}.{_encode_signature(_private_key(secret, kid, claims.event).sign(body.encode()))}"


def verify(secret: str, payload: str) -> Claims:
    """The claims of a validly signed payload. Raises BadSignature."""
    claims, kid, signature = _parse(payload)
    try:
        public_key(secret, claims.event, kid).verify(signature, _signing_input(claims, kid).encode())
    except InvalidSignature:
        raise BadSignature from None
    return claims


def public_key(secret: str, event_id: str, kid: str = KEY_IDS[0]) -> Ed25519PublicKey:
    """The key that verifies the tickets of this event."""
    return _private_key(secret, kid, event_id).public_key()


def opaque_code(secret: str, ticket_id: str, serial: int) -> str:
    """A ticket's code: 130 bits, unpredictable without the secret."""
    digest = hmac.new(_derive_key(secret, "ticket-code"), f"{ticket_id}|{serial}".encode(), hashlib.sha256).digest()
    bits = int.from_bytes(digest) >> (len(digest) * 8 - CODE_LENGTH * 5)
    return "".join(_ALPHABET[bits >> 5 * index & 31] for index in reversed(range(CODE_LENGTH)))


def credentials(secret: str, ticket: Mapping[str, Any], serial: int) -> dict[str, str]:
    """The ticket's `code` and `qr_payload` in this serial."""
    claims = Claims(ticket["event_id"], ticket["id"], ticket["event_type_id"], serial)
    return {"code": opaque_code(secret, ticket["id"], serial), "qr_payload": sign(secret, claims)}


def normalise_code(text: str) -> str:
    """A typed code in canonical form: upper case, without blanks and hyphens, look-alike letters replaced."""
    return text.upper().translate(_LOOKALIKES)


def _signing_input(claims: Claims, kid: str) -> str:
    if not all(_ID_PATTERN.fullmatch(part) for part in (claims.event, claims.ticket, claims.type)):
        raise ValueError("an id has characters that the payload cannot encode")
    return ".".join((VERSION, kid, *map(str, astuple(claims)))).upper()


def _parse(payload: str) -> tuple[Claims, str, bytes]:
    try:
        version, kid, event, ticket, event_type, serial, encoded_signature = payload.split(".")
        claims = Claims(event.lower(), ticket.lower(), event_type.lower(), int(serial))
        signature = base64.b32decode(encoded_signature + "=" * (-len(encoded_signature) % 8))
        is_canonical = f"{_signing_input(claims, kid)}.{_encode_signature(signature)}" == payload
    except ValueError:
        raise BadSignature from None
    # Canonical form only: no leading zeros, no lower case, no stray bits in the last character.
    if not is_canonical or version != VERSION or kid not in KEY_IDS:
        raise BadSignature
    return claims, kid, signature


def _encode_signature(signature: bytes) -> str:
    return base64.b32encode(signature).decode().rstrip("=")


def _private_key(secret: str, kid: str, event_id: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_derive_key(secret, f"ticket-signature|{kid}|{event_id}"))


def _derive_key(secret: str, info: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=info.encode()).derive(secret.encode())
