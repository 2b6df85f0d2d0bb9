"""POST /v1/logout: end a session."""

from auth.core import session_repository
from auth.core.errors import InvalidToken, SessionUnknown
from auth.core.refresh import RefreshToken
from auth.core.schemas import TokenRequest
from common import clock
from common.api import Caller, NoContent, endpoint


@endpoint(refuses=[InvalidToken, SessionUnknown])
def handler(request: TokenRequest, caller: Caller) -> NoContent:
    """End the refresh token's session, which must be the caller's; its access tokens end within a minute."""
    ended = RefreshToken.parse(request.refresh_token).session_id
    session_repository.revoke(caller.user_id, ended, clock.now())
    return NoContent()
