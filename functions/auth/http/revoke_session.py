"""DELETE /v1/sessions/{session_id}: log out somewhere else."""

from auth.core import session_repository
from auth.core.errors import SessionNotFound
from common import clock
from common.api import Caller, NoContent, endpoint


@endpoint(errors=[SessionNotFound])
def handler(session_id: str, caller: Caller) -> NoContent:
    """End one of the caller's sessions, this one too; its access tokens end within a minute."""
    session_repository.revoke(caller.user_id, session_id, clock.now())
    return NoContent()
