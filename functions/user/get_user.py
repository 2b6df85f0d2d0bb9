"""GET /v1/users/{user_id}: the caller's own profile, or anybody's for an admin."""

from common.api import Caller, endpoint
from user.core import service
from user.core.errors import UserUnknown
from user.core.schemas import UserView


@endpoint(refuses=[UserUnknown])
def handler(user_id: str, caller: Caller) -> UserView:
    """The profile; it is there within a moment of the registration."""
    return UserView.of(service.profile(user_id, caller))
