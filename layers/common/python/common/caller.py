"""The authenticated caller of a request, and authorization rules that all services share."""

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
    """The caller's identity from the authorizer's context."""

    user_id: str
    session_id: str
    roles: frozenset[str] = frozenset()
    email_verified: bool = False

    def require_verified_email(self) -> None:
        """Raises EmailNotVerified unless the caller has verified their e-mail address."""
        if not self.email_verified:
            raise EmailNotVerified

    def require_role(self, role: str) -> None:
        """Raises RoleMissing unless the caller has the role; an admin has every role."""
        if not self.roles & {role, "admin"}:
            raise RoleMissing(role)

    def can_manage(self, owner_id: str) -> bool:
        """Whether the caller may manage the owner's resources: their own, or any as an admin."""
        return owner_id == self.user_id or "admin" in self.roles

    def audit_name(self, owner_id: str) -> str:
        """The actor to log for a change of the owner's resources: the caller's user id if the owner, else `admin`."""
        return self.user_id if owner_id == self.user_id else "admin"


def from_event(event: Mapping[str, Any]) -> Caller:
    """The caller of an HTTP API event (payload 2.0). Raises Unauthenticated without an authorizer context."""
    context = (event["requestContext"].get("authorizer") or {}).get("lambda")
    if not context:
        raise Unauthenticated
    roles, verified = frozenset(context["roles"].split()), bool(context.get("email_verified"))
    return Caller(context["user_id"], context["session_id"], roles, verified)
