"""POST /v1/events/{event_id}/clone: the same again at another time."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import IdempotencyKeyReused
from events.core import service
from events.core.errors import EventNotFound, NotInFuture
from events.core.requests import CloneRequest
from events.core.schemas import OrganiserEventView


@endpoint(errors=[EventNotFound, IdempotencyKeyReused, NotInFuture])
def handler(event_id: str, request: CloneRequest, caller: Caller, key: IdempotencyKey) -> Created[OrganiserEventView]:
    """Draft a copy with all its types on sale; doors and sale windows move with the start, staff is not taken over."""
    event, replayed = service.clone(caller, key, event_id, request)
    view = OrganiserEventView.model_validate(event)
    return Created(view, f"/v1/users/{view.organiser_id}/events/{view.id}", replayed=replayed)
