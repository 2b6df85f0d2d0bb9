"""PUT /v1/users/{user_id}: replace the profile."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.revision import Changed, RevisionMissing, tagged
from user.core import service
from user.core.errors import UserUnknown
from user.core.schemas import UserRequest, UserView


@endpoint(refuses=[UserUnknown, Changed, RevisionMissing])
def handler(user_id: str, request: UserRequest, caller: Caller, seen: IfMatch) -> Ok[UserView]:
    """Replace the whole profile.

    `user_name` is the name that is shown; the name one logs in with stays as it was registered.
    """
    profile = service.replaced(user_id, request, caller, seen)
    return Ok(UserView.of(profile), tagged(profile))
