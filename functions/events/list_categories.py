"""GET /v1/categories: the kinds of events there are."""

from common.api import PageOf, Paging, endpoint
from common.cursor import BadToken
from events.core import categories
from events.core.schemas import CategoryView


@endpoint(refuses=[BadToken])
def handler(paging: Paging) -> PageOf[CategoryView]:
    """List all categories, oldest first."""
    return PageOf[CategoryView].of(categories.page(paging), CategoryView.model_validate)
