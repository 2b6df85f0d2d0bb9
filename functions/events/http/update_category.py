"""PUT /v1/categories/{category_id}: another name for a kind of events."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.conditional_requests import etag_header
from common.problems import ConcurrentModification
from events.core import categories
from events.core.errors import CategoryExists, CategoryNotFound
from events.core.requests import CategoryEdit
from events.core.schemas import CategoryView


@endpoint(errors=[CategoryNotFound, CategoryExists, ConcurrentModification])
def handler(category_id: str, request: CategoryEdit, caller: Caller, if_match: IfMatch) -> Ok[CategoryView]:
    """Rename a category; its events are shown and found under the new name."""
    category = categories.rename(caller, category_id, request, if_match)
    return Ok(CategoryView.model_validate(category), etag_header(category))
