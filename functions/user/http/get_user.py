"""GET /v1/users/{user_id}: the caller's own profile, or anybody's for an admin."""

from common.api import Caller, Ok, endpoint
from common.conditional_requests import etag_header
from user.core import service
from user.core.errors import UserNotFound
from user.core.schemas import UserView


@endpoint(errors=[UserNotFound])
def handler(user_id: str, caller: Caller) -> Ok[UserView]:
    """The profile; it is there within a moment of the registration."""
    profile = service.get_profile(user_id, caller)
    return Ok(UserView.from_item(profile), etag_header(profile))
