"""GET /v1/notifications: what the caller was told, newest first."""

from common.api import Caller, Limit, Token, endpoint
from common.cursor import BadToken
from notify.core import repository
from notify.core.schemas import NotificationPage


@endpoint(refuses=[BadToken])
def handler(
    caller: Caller, limit: Limit = 20, next_token: Token | None = None, previous_token: Token | None = None
) -> NotificationPage:
    """List the caller's notifications."""
    return NotificationPage.of(repository.MINE.page(caller.user_id, limit=limit, token=next_token or previous_token))
