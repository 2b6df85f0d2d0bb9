"""PUT /v1/users/{user_id}: replace the profile."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.conditional_requests import IfMatchRequired, StaleVersion, etag_header
from user.core import service
from user.core.errors import UserNotFound
from user.core.schemas import UserRequest, UserView


@endpoint(errors=[UserNotFound, StaleVersion, IfMatchRequired])
def handler(user_id: str, request: UserRequest, caller: Caller, if_match: IfMatch) -> Ok[UserView]:
    """Replace the whole profile.

    `user_name` is the name that is shown; the name one logs in with stays as it was registered.
    """
    profile = service.update_profile(user_id, request, caller, if_match)
    return Ok(UserView.from_item(profile), etag_header(profile))
