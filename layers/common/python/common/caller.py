"""Who is calling, and what they may do whatever the service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.problems import Forbidden, Unauthenticated


class RoleMissing(Forbidden):
    """The caller lacks the role that this call needs."""

    def __init__(self, role: str) -> None:
        super().__init__(f"This call needs the role {role}.", role=role)


class EmailNotVerified(Forbidden):
    """The caller's e-mail address has to be verified first; refresh the token after that."""


@dataclass(frozen=True)
class Caller:
    """Who is calling, as the authorizer knows them."""

    user_id: str
    session_id: str
    roles: frozenset[str] = frozenset()
    email_verified: bool = False

    def needs_email(self) -> None:
        """Raises EmailNotVerified unless the caller has proved to own their address."""
        if not self.email_verified:
            raise EmailNotVerified

    def needs(self, role: str) -> None:
        """Raises RoleMissing unless the caller has the role; an admin has every role."""
        if not self.roles & {role, "admin"}:
            raise RoleMissing(role)

    def manages(self, owner_id: str) -> bool:
        """Whether what is that person's is the caller's to manage: one's own, and for an admin everybody's."""
        return owner_id == self.user_id or "admin" in self.roles

    def actor(self, owner_id: str) -> str:
        """How logs name a caller who manages that person's things: `admin` where they are not one's own."""
        return self.user_id if owner_id == self.user_id else "admin"


def of(event: Mapping[str, Any]) -> Caller:
    """Whom the authorizer found behind the token. Raises Unauthenticated where it was not asked."""
    known = (event["requestContext"].get("authorizer") or {}).get("lambda")
    if not known:
        raise Unauthenticated
    roles, verified = frozenset(known["roles"].split()), bool(known.get("email_verified"))
    return Caller(known["user_id"], known["session_id"], roles, verified)
