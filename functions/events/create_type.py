"""POST /v1/events/{event_id}/types: one more kind of place."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import KeyReused
from events.core import errors, event_types
from events.core.requests import TypeRequest
from events.core.schemas import TypeView


@endpoint(refuses=[*errors.EDIT_REFUSALS, KeyReused, errors.TooManyTypes, *errors.TYPE_REFUSALS])
def handler(event_id: str, request: TypeRequest, caller: Caller, key: IdempotencyKey) -> Created[TypeView]:
    """Add a type to a draft, or to a published event: there it goes on sale at once."""
    new, replayed = event_types.create(caller, key, event_id, request)
    return Created(TypeView.model_validate(new), replayed=replayed)
