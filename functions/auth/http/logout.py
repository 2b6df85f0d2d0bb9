"""POST /v1/logout: end a session."""

from auth.core import session_repository
from auth.core.errors import InvalidRefreshToken, SessionNotFound
from auth.core.refresh_tokens import RefreshToken
from auth.core.schemas import RefreshTokenRequest
from common import clock
from common.api import Caller, NoContent, endpoint


@endpoint(errors=[InvalidRefreshToken, SessionNotFound])
def handler(request: RefreshTokenRequest, caller: Caller) -> NoContent:
    """End the refresh token's session, which must be the caller's; its access tokens end within a minute."""
    session_id = RefreshToken.parse(request.refresh_token).session_id
    session_repository.revoke(caller.user_id, session_id, clock.now())
    return NoContent()
