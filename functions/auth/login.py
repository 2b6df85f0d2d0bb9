"""POST /v1/login: a name and a password against tokens."""

from auth.core import entrance
from auth.core.errors import InvalidCredentials, TooManyAttempts
from auth.core.schemas import LoginRequest, TokensView
from common.api import Ok, endpoint


@endpoint(refuses=[InvalidCredentials, TooManyAttempts])
def handler(request: LoginRequest) -> Ok[TokensView]:
    """Open a session. An unknown name and a wrong password are answered alike."""
    return Ok(entrance.log_in(request), {"cache-control": "no-store"})
