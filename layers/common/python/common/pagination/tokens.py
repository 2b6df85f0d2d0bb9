"""Page tokens: opaque, signed, and valid only for the list (owner and filter) that they were issued for."""

import base64
import hashlib
import hmac
import json
from typing import Any

from common import env
from common.problems import BadRequest

_SIGNATURE_BYTES = 16  # bytes of HMAC-SHA256 kept: 128 bits


class InvalidPageToken(BadRequest):
    """The page token was not issued for this list."""


def encode(position: Any, scope: str) -> str:
    """Encode and sign a position in the list `scope`."""
    body = json.dumps(position, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(_sign(body, scope) + body).decode().rstrip("=")


def decode(token: str, scope: str) -> Any:
    """Verify the token and return its position. Raises InvalidPageToken if it was not issued for this list."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise InvalidPageToken from None
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(body, scope)):
        raise InvalidPageToken
    return json.loads(body)


def _sign(body: bytes, scope: str) -> bytes:
    key = env.secret("page-token").encode()
    return hmac.new(key, scope.encode() + b"\x00" + body, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
