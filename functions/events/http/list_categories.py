"""GET /v1/categories: the kinds of events there are."""

from common.api import PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken
from events.core import categories
from events.core.schemas import CategoryView


@endpoint(errors=[InvalidPageToken])
def handler(paging: PageParams) -> PageResponse[CategoryView]:
    """List all categories, oldest first."""
    return PageResponse[CategoryView].from_page(categories.list_all(paging), CategoryView.model_validate)
