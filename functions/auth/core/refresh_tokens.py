"""Refresh tokens: the session's key, and an HMAC of 256 bits under the server's key."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from auth.core.errors import InvalidRefreshToken
from auth.core.model import Session
from common import env

_MAX_COUNTER_DIGITS = 9


@dataclass(frozen=True)
class RefreshToken:
    """Opaque to clients; identifies a session and the token's position in its family."""

    user_id: str
    session_id: str
    counter: int
    secret: str = field(repr=False)

    @classmethod
    def derive(cls, user_id: str, session_id: str, family: str, counter: int) -> "RefreshToken":
        """Return the family's token number `counter`; deterministic, so that a lost response can be repeated."""
        return cls(user_id, session_id, counter, _derive_secret(family, counter))

    @classmethod
    def parse(cls, text: str) -> "RefreshToken":
        """Parse a token's text form. Raises InvalidRefreshToken."""
        parts = text.split(".")
        if len(parts) != 4 or not all(parts) or not text.isascii():
            raise InvalidRefreshToken
        user_id, session_id, counter, secret = parts
        if not counter.isdigit() or len(counter) > _MAX_COUNTER_DIGITS or counter.startswith("0"):
            raise InvalidRefreshToken
        return cls(user_id, session_id, int(counter), secret)

    def __str__(self) -> str:
        return f"{self.user_id}.{self.session_id}.{self.counter}.{self.secret}"

    @property
    def hash(self) -> str:
        """The stored form of the token: SHA-256 in hex."""
        return hashlib.sha256(str(self).encode()).hexdigest()

    def belongs_to(self, session: Session) -> bool:
        """Return whether the token was issued in this session, recently or earlier.

        The last two tokens match by stored hash, so that a new server key does not end sessions.
        """
        if self.hash in (session.token_hash, session.previous_hash):
            return True
        return hmac.compare_digest(self.secret, _derive_secret(session.family, self.counter))


def _derive_secret(family: str, counter: int) -> str:
    key = env.secret("refresh").encode()
    digest = hmac.new(key, f"{family}/{counter}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
