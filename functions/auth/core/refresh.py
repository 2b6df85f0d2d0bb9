"""Refresh tokens: where the session lies, and 256 bits that only the server's key can make."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from auth.core.errors import InvalidToken
from auth.core.model import Session
from common import env

_LONGEST_COUNTER = 9  # digits


@dataclass(frozen=True)
class RefreshToken:
    """To a client it is opaque text; here it tells which session, and which in its row of tokens."""

    user_id: str
    session_id: str
    counter: int
    secret: str = field(repr=False)

    @classmethod
    def derived(cls, user_id: str, session_id: str, family: str, counter: int) -> "RefreshToken":
        """The family's token number `counter`: always the same one, so a lost reply can be repeated."""
        return cls(user_id, session_id, counter, _secret(family, counter))

    @classmethod
    def parse(cls, text: str) -> "RefreshToken":
        """Raises InvalidToken."""
        parts = text.split(".")
        if len(parts) != 4 or not all(parts) or not text.isascii():
            raise InvalidToken
        user_id, session_id, counter, secret = parts
        if not counter.isdigit() or len(counter) > _LONGEST_COUNTER or counter.startswith("0"):
            raise InvalidToken
        return cls(user_id, session_id, int(counter), secret)

    def __str__(self) -> str:
        return f"{self.user_id}.{self.session_id}.{self.counter}.{self.secret}"

    @property
    def hash(self) -> str:
        """What is kept of it."""
        return hashlib.sha256(str(self).encode()).hexdigest()

    def of_family(self, session: Session) -> bool:
        """Whether it was given in this session, be it now or long ago.

        The kept hashes are enough for the last two, so a new server key ends no session.
        """
        if self.hash in (session.token_hash, session.previous_hash):
            return True
        return hmac.compare_digest(self.secret, _secret(session.family, self.counter))


def _secret(family: str, counter: int) -> str:
    key = env.secret("refresh").encode()
    digest = hmac.new(key, f"{family}/{counter}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
