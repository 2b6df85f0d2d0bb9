"""GET /v1/users/{user_id}/export: everything that is held about a user."""

from common.api import Caller, PageToken, endpoint
from common.pagination.tokens import InvalidPageToken
from user.core import export
from user.core.errors import UserNotFound
from user.core.schemas import ExportView


@endpoint(errors=[UserNotFound, InvalidPageToken])
def handler(user_id: str, caller: Caller, next_token: PageToken | None = None) -> ExportView:
    """A page of the copy of everything held about the user, service by service.

    A page may be empty; the last one has no `next_token`.
    """
    return export.page(user_id, caller, next_token)
