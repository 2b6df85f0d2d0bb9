"""POST /v1/token/refresh: a refresh token against the next pair of tokens."""

from auth.core import sessions
from auth.core.errors import InvalidRefreshToken
from auth.core.schemas import RefreshTokenRequest, TokensView
from common.api import Ok, endpoint


@endpoint(errors=[InvalidRefreshToken])
def handler(request: RefreshTokenRequest) -> Ok[TokensView]:
    """Rotate the token; the roles of the new access token are those of now.

    The same token again within ten seconds gives the same successor; later it ends the session.
    """
    return Ok(sessions.refresh(request.refresh_token), {"cache-control": "no-store"})
