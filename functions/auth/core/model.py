"""Accounts, sessions and lockout delays. Pure: no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from common.bus.base import Locale

ACCESS_TOKEN_SECONDS = 15 * 60  # validity of an access token
SESSION_DAYS = 30  # lifetime of a session, however often its tokens are rotated
REFRESH_GRACE = timedelta(seconds=10)  # during which a used refresh token returns the same successor
FREE_ATTEMPTS = 10  # consecutive failed logins before the first lockout
MAX_LOCKOUT = timedelta(minutes=15)


class Role(StrEnum):
    """A role beyond that of an ordinary user."""

    ADMIN = "admin"
    ORGANISER = "organiser"


class TokenUse(StrEnum):
    """Classification of a presented refresh token."""

    CURRENT = "CURRENT"
    REPEATED = "REPEATED"  # rotated within REFRESH_GRACE; the response may have been lost
    REUSED = "REUSED"  # rotated earlier: it may be stolen


@dataclass(frozen=True)
class Account:
    """An account; personal fields are redacted in repr.

    `min_token_version` is the version that last removed a role: older access tokens are rejected.
    `min_session_version` is the version that last changed the password: older sessions have ended, except
    `exempt_session_id`.
    """

    id: str
    email: str = field(repr=False)
    username: str = field(repr=False)
    password: str = field(repr=False)
    roles: tuple[str, ...]
    version: int
    min_token_version: int = 0
    min_session_version: int = 0
    exempt_session_id: str | None = None
    email_verified: bool = False
    locale: Locale = "en"

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Account":
        return cls(
            id=item["id"],
            email=item["email"],
            username=item["username"],
            password=item["password"],
            roles=tuple(item["roles"]),
            version=item["version"],
            min_token_version=item.get("min_token_version", 0),
            min_session_version=item.get("min_session_version", 0),
            exempt_session_id=item.get("exempt_session_id"),
            email_verified=item.get("email_verified", False),
            locale=item.get("locale", "en"),
        )

    def accepts_session(self, session: "Session") -> bool:
        """Return whether the session was opened with the current password, or changed it."""
        return session.version >= self.min_session_version or session.id == self.exempt_session_id

    def with_roles(self, roles: tuple[str, ...]) -> "Account":
        """Return the account's next version, with these roles."""
        version = self.version + 1
        removed = set(self.roles) - set(roles)
        return replace(
            self, roles=roles, version=version, min_token_version=version if removed else self.min_token_version
        )


@dataclass(frozen=True)
class Session:
    """One login on one device: a family of refresh tokens, one of them current.

    `family` is random and useless without the server's key; tokens are stored as hashes only.
    `min_token_version` copies the account's, so that the authorizer reads one item. `version` is the
    account's version at login.
    """

    id: str
    user_id: str
    family: str
    counter: int
    token_hash: str
    previous_hash: str | None
    rotated_at: datetime
    expires_at: int  # seconds since the epoch (DynamoDB TTL)
    revoked: bool
    min_token_version: int = 0
    version: int = 0

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Session":
        return cls(
            id=item["id"],
            user_id=item["user_id"],
            family=item["family"],
            counter=item["counter"],
            token_hash=item["token_hash"],
            previous_hash=item.get("previous_hash"),
            rotated_at=datetime.fromisoformat(item["rotated_at"]),
            expires_at=item["expires_at"],
            revoked="revoked_at" in item,
            min_token_version=item.get("min_token_version", 0),
            version=item.get("version", 0),
        )

    def is_active(self, now: datetime) -> bool:
        """Return whether the session is neither revoked nor expired; DynamoDB deletes expired items days late."""
        return not self.revoked and now.timestamp() < self.expires_at

    def accepts_token_version(self, version: int) -> bool:
        """Return whether access tokens of this account version are accepted."""
        return version >= self.min_token_version

    def classify_token(self, token_hash: str, now: datetime) -> TokenUse:
        """Classify the hash of a genuine token of this family."""
        if token_hash == self.token_hash:
            return TokenUse.CURRENT
        repeated = token_hash == self.previous_hash and now - self.rotated_at <= REFRESH_GRACE
        return TokenUse.REPEATED if repeated else TokenUse.REUSED


def lockout_delay(failures: int) -> timedelta:
    """Return the wait after consecutive failures: none at first, then 1 s, doubling up to `MAX_LOCKOUT`."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_ATTEMPTS, 20)), MAX_LOCKOUT)
