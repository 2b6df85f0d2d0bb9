"""What auth remembers: accounts, sessions and how long failures make one wait. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from common.bus.base import Locale

ACCESS_SECONDS = 15 * 60  # how long an access token is believed
SESSION_DAYS = 30  # after which one logs in again, however often the tokens were rotated
GRACE = timedelta(seconds=10)  # in which a used refresh token gives the same successor again
FREE_ATTEMPTS = 10  # failed logins in a row before the first wait
LONGEST_WAIT = timedelta(minutes=15)


class Role(StrEnum):
    """What a user may do beside what everybody may."""

    ADMIN = "admin"
    ORGANISER = "organiser"


class Use(StrEnum):
    """What a presented refresh token turns out to be."""

    CURRENT = "CURRENT"
    REPEATED = "REPEATED"  # its successor was given a moment ago; the reply may have been lost
    REUSED = "REUSED"  # somebody else has it too


@dataclass(frozen=True)
class Account:
    """An AuthProfile, without what nobody needs to see.

    `tokens_from` is the version that last took a role away: access tokens of before are not believed.
    `sessions_from` is the version that last changed the password: sessions of before are over, but `kept_session`.
    """

    id: str
    email: str = field(repr=False)
    username: str = field(repr=False)
    password: str = field(repr=False)
    roles: tuple[str, ...]
    version: int
    tokens_from: int = 0
    sessions_from: int = 0
    kept_session: str | None = None
    email_verified: bool = False
    locale: Locale = "en"

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Account":
        return cls(
            id=item["id"],
            email=item["email"],
            username=item["username"],
            password=item["password"],
            roles=tuple(item["roles"]),
            version=item["version"],
            tokens_from=item.get("tokens_from", 0),
            sessions_from=item.get("sessions_from", 0),
            kept_session=item.get("kept_session"),
            email_verified=item.get("email_verified", False),
            locale=item.get("locale", "en"),
        )

    def admits(self, session: "Session") -> bool:
        """Whether the session was opened with the password of now, or is the one that changed it."""
        return session.version >= self.sessions_from or session.id == self.kept_session

    def with_roles(self, roles: tuple[str, ...]) -> "Account":
        """The next version, with these roles."""
        version = self.version + 1
        taken = set(self.roles) - set(roles)
        return replace(self, roles=roles, version=version, tokens_from=version if taken else self.tokens_from)


@dataclass(frozen=True)
class Session:
    """One login on one device: a family of refresh tokens, of which one is current.

    `family` is random and meaningless without the server's key; tokens are kept as hashes only.
    `tokens_from` is the account's: it is here so that the authorizer reads one item. `version` is that of
    the account whose password was given.
    """

    id: str
    user_id: str
    family: str
    counter: int
    token_hash: str
    previous_hash: str | None
    rotated_at: datetime
    expires_at: int  # seconds since the epoch, as DynamoDB's TTL wants it
    revoked: bool
    tokens_from: int = 0
    version: int = 0

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Session":
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
            tokens_from=item.get("tokens_from", 0),
            version=item.get("version", 0),
        )

    def live(self, now: datetime) -> bool:
        """Items outlive their TTL by days, so the time is looked at."""
        return not self.revoked and now.timestamp() < self.expires_at

    def believes(self, version: int) -> bool:
        """Whether an access token of this version of the account is still good."""
        return version >= self.tokens_from

    def use_of(self, token_hash: str, now: datetime) -> Use:
        """What a genuine token of this family is."""
        if token_hash == self.token_hash:
            return Use.CURRENT
        repeated = token_hash == self.previous_hash and now - self.rotated_at <= GRACE
        return Use.REPEATED if repeated else Use.REUSED


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: nothing, then 1 s doubling to the longest."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_ATTEMPTS, 20)), LONGEST_WAIT)
