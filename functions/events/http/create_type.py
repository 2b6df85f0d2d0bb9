"""POST /v1/events/{event_id}/types: one more kind of place."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import IdempotencyKeyReused
from events.core import errors, event_types
from events.core.requests import TypeRequest
from events.core.schemas import TypeView


@endpoint(errors=[*errors.EDIT_ERRORS, IdempotencyKeyReused, errors.TooManyTypes, *errors.TYPE_ERRORS])
def handler(event_id: str, request: TypeRequest, caller: Caller, key: IdempotencyKey) -> Created[TypeView]:
    """Add a type to a draft, or to a published event: there it goes on sale at once."""
    event_type, replayed = event_types.create(caller, key, event_id, request)
    return Created(TypeView.model_validate(event_type), replayed=replayed)
