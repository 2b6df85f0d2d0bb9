"""GET /v1/users: everybody who has a profile, newest first."""

from common.api import PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken
from user.core import directory
from user.core.schemas import UserView


@endpoint(errors=[InvalidPageToken])
def handler(paging: PageParams) -> PageResponse[UserView]:
    """List the users."""
    return PageResponse[UserView].from_page(directory.page(limit=paging.limit, token=paging.token), UserView.from_item)
