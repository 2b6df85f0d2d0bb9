"""POST /v1/login: a name and a password against tokens."""

from auth.core import login, sessions
from auth.core.errors import InvalidCredentials, TooManyAttempts
from auth.core.schemas import LoginRequest, TokensView
from common.api import Ok, RawRequest, endpoint


@endpoint(errors=[InvalidCredentials, TooManyAttempts])
def handler(request: LoginRequest, raw: RawRequest) -> Ok[TokensView]:
    """Open a session. An unknown name and a wrong password are answered alike.

    An address is a name once it is verified; until then the user name is.
    """
    return Ok(login.login(request, sessions.describe_device(raw.headers)), {"cache-control": "no-store"})
