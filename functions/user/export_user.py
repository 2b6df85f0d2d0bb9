"""GET /v1/users/{user_id}/export: everything that is held about a user."""

from common.api import Caller, Token, endpoint
from common.cursor import BadToken
from user.core import export
from user.core.errors import UserUnknown
from user.core.schemas import ExportView


@endpoint(refuses=[UserUnknown, BadToken])
def handler(user_id: str, caller: Caller, next_token: Token | None = None) -> ExportView:
    """A page of the copy of everything held about the user, service by service.

    A page may be empty; the last one has no `next_token`.
    """
    return export.page(user_id, caller, next_token)
