"""POST /v1/logout: end a session."""

from auth.core import sessions
from auth.core.errors import InvalidToken, SessionUnknown
from auth.core.schemas import TokenRequest
from common.api import Caller, NoContent, endpoint


@endpoint(refuses=[InvalidToken, SessionUnknown])
def handler(request: TokenRequest, caller: Caller) -> NoContent:
    """End the refresh token's session, which must be the caller's; its access tokens end within a minute."""
    sessions.end(caller.user_id, request.refresh_token)
    return NoContent()
