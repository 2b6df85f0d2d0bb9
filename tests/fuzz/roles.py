"""As whom the API is fuzzed, and which calls are for whom."""

from infra.vocabulary import Route, Who
from tools.docs import read

ROLES = ("anyone", "buyer", "staff", "organiser", "admin")
_MAY = {
    Who.ANYONE: ROLES,
    Who.PROVIDER: ROLES,
    Who.USER: ROLES[1:],
    Who.ORGANISER: ROLES[3:],
    Who.ADMIN: ROLES[4:],
}
# Open to everybody with an account, but about events of one's own, or at whose door one stands.
_FEWER = {
    "get_own_event": ROLES[3:],
    "check_in": ROLES[2:],
    "get_check_in": ROLES[2:],
    "undo_check_in": ROLES[2:],
    "get_door": ROLES[2:],
}


def may(row: Route) -> tuple[str, ...]:
    """Whom the call is for."""
    return _FEWER.get(row.file, _MAY[row.who])


def calls(role: str) -> frozenset[str]:
    """The calls that are for the role, by the ids of their operations."""
    return frozenset(row.file for row in read.routes() if role in may(row))
