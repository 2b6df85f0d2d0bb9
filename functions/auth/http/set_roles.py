"""PUT /v1/users/{user_id}/roles: say what a user may do."""

from auth.core import roles
from auth.core.errors import LastAdmin, UserNotFound
from auth.core.schemas import RolesRequest, RolesView
from common.api import Caller, endpoint
from common.problems import ConcurrentModification


@endpoint(errors=[UserNotFound, LastAdmin, ConcurrentModification])
def handler(user_id: str, request: RolesRequest, caller: Caller) -> RolesView:
    """Give and take roles; the user has them from the next login or refresh on.

    Where one is taken away, the access tokens of before end within a minute.
    """
    return roles.assign(user_id, request.roles, caller.user_id)
