"""POST /v1/categories: a new kind of event."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import KeyReused
from events.core import service
from events.core.errors import CategoryExists
from events.core.schemas import CategoryRequest, CategoryView


@endpoint(refuses=[CategoryExists, KeyReused])
def handler(request: CategoryRequest, caller: Caller, key: IdempotencyKey) -> Created[CategoryView]:
    """Add a category; in one of type free, every price is 0."""
    category, replayed = service.create_category(caller, key, request)
    return Created(CategoryView.model_validate(category), "/v1/categories", replayed=replayed)
