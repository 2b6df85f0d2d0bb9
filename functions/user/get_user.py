"""GET /v1/users/{user_id}: the caller's own profile, or anybody's for an admin."""

from common.api import Caller, Ok, endpoint
from common.revision import tagged
from user.core import service
from user.core.errors import UserUnknown
from user.core.schemas import UserView


@endpoint(refuses=[UserUnknown])
def handler(user_id: str, caller: Caller) -> Ok[UserView]:
    """The profile; it is there within a moment of the registration."""
    profile = service.profile(user_id, caller)
    return Ok(UserView.of(profile), tagged(profile))
