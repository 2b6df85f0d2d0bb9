"""The roles of the fuzz runs, and the operations that each may call."""

from infra.topology_types import Access, Route
from tools.docs import introspection

ROLES = ("anyone", "buyer", "staff", "organiser", "admin")
_ROLES_BY_ACCESS = {
    Access.PUBLIC: ROLES,
    Access.PROVIDER: ROLES,
    Access.USER: ROLES[1:],
    Access.ORGANISER: ROLES[3:],
    Access.ADMIN: ROLES[4:],
}
# Routes for every user that succeed only for the event's organiser or staff.
_RESTRICTED = {
    "get_own_event": ROLES[3:],
    "check_in": ROLES[2:],
    "get_check_in": ROLES[2:],
    "undo_check_in": ROLES[2:],
    "get_door": ROLES[2:],
}


def allowed_roles(row: Route) -> tuple[str, ...]:
    """The roles that may call the route."""
    return _RESTRICTED.get(row.file, _ROLES_BY_ACCESS[row.access])


def allowed_operations(role: str) -> frozenset[str]:
    """The ids of the operations that the role may call."""
    return frozenset(row.file for row in introspection.routes() if role in allowed_roles(row))
