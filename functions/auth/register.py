"""POST /v1/register: open an account."""

from auth.core import registration
from auth.core.errors import PasswordRefused, UserNameTaken
from auth.core.schemas import RegisteredView, RegisterRequest
from common.api import Created, endpoint


@endpoint(refuses=[UserNameTaken, PasswordRefused])
def handler(request: RegisterRequest) -> Created[RegisteredView]:
    """Open an account; the profile at `Location` follows within a moment.

    An address that already has an account is answered alike and changes nothing: who has an
    account here is not told. User names are public, so a taken one is refused.
    """
    view = registration.register(request)
    return Created(view, f"/v1/users/{view.id}")
