"""POST /v1/categories: a new kind of event."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import IdempotencyKeyReused
from events.core import categories
from events.core.errors import CategoryExists
from events.core.requests import CategoryRequest
from events.core.schemas import CategoryView


@endpoint(errors=[CategoryExists, IdempotencyKeyReused])
def handler(request: CategoryRequest, caller: Caller, key: IdempotencyKey) -> Created[CategoryView]:
    """Add a category; in one of type free, every price is 0."""
    category, replayed = categories.create(caller, key, request)
    return Created(CategoryView.model_validate(category), f"/v1/categories/{category['id']}", replayed=replayed)
