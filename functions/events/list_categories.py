"""GET /v1/categories: the kinds of events there are."""

from common.api import Limit, Token, endpoint
from common.cursor import BadToken
from events.core import repository
from events.core.schemas import CategoryList


@endpoint(refuses=[BadToken])
def handler(limit: Limit = 20, next_token: Token | None = None, previous_token: Token | None = None) -> CategoryList:
    """List all categories, oldest first."""
    page = repository.categories(limit, next_token or previous_token)
    return CategoryList.model_validate(page, from_attributes=True)
