"""GET /v1/categories/{category_id}: one kind of events."""

from common.api import Ok, endpoint
from common.conditional_requests import etag_header
from events.core import categories
from events.core.errors import CategoryNotFound
from events.core.schemas import CategoryView


@endpoint(errors=[CategoryNotFound])
def handler(category_id: str) -> Ok[CategoryView]:
    """Read a category; its ETag is what renaming it needs."""
    category = categories.get(category_id)
    return Ok(CategoryView.model_validate(category), etag_header(category))
