"""GET /v1/categories/{category_id}: one kind of events."""

from common.api import Ok, endpoint
from common.revision import tagged
from events.core import categories
from events.core.errors import NoSuchCategory
from events.core.schemas import CategoryView


@endpoint(refuses=[NoSuchCategory])
def handler(category_id: str) -> Ok[CategoryView]:
    """Read a category; its ETag is what renaming it needs."""
    category = categories.read(category_id)
    return Ok(CategoryView.model_validate(category), tagged(category))
