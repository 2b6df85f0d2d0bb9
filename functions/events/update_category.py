"""PUT /v1/categories/{category_id}: another name for a kind of events."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.revision import tagged
from events.core import categories
from events.core.errors import CategoryExists, ChangedMeanwhile, NoSuchCategory
from events.core.requests import CategoryEdit
from events.core.schemas import CategoryView


@endpoint(refuses=[NoSuchCategory, CategoryExists, ChangedMeanwhile])
def handler(category_id: str, request: CategoryEdit, caller: Caller, seen: IfMatch) -> Ok[CategoryView]:
    """Rename a category; its events are shown and found under the new name."""
    category = categories.rename(caller, category_id, request, seen)
    return Ok(CategoryView.model_validate(category), tagged(category))
