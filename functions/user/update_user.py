"""PUT /v1/users/{user_id}: replace the profile."""

from common.api import Caller, endpoint
from user.core import service
from user.core.errors import UserUnknown
from user.core.schemas import UserRequest, UserView


@endpoint(refuses=[UserUnknown])
def handler(user_id: str, request: UserRequest, caller: Caller) -> UserView:
    """Replace the whole profile.

    `user_name` is the name that is shown; the name one logs in with stays as it was registered.
    """
    return UserView.of(service.replaced(user_id, request, caller))
