"""GET /v1/users: everybody who has a profile, newest first."""

from common.api import PageOf, Paging, endpoint
from common.cursor import BadToken
from user.core import directory
from user.core.schemas import UserView


@endpoint(refuses=[BadToken])
def handler(paging: Paging) -> PageOf[UserView]:
    """List the users."""
    return PageOf[UserView].of(directory.page(limit=paging.limit, token=paging.token), UserView.of)
