"""POST /v1/events/{event_id}/clone: the same again at another time."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import KeyReused
from events.core import service
from events.core.errors import EventUnknown, NotInFuture
from events.core.requests import CloneRequest
from events.core.schemas import OrganisedEventView


@endpoint(refuses=[EventUnknown, KeyReused, NotInFuture])
def handler(event_id: str, request: CloneRequest, caller: Caller, key: IdempotencyKey) -> Created[OrganisedEventView]:
    """Draft a copy with all its types on sale; doors and sale windows move with the start, staff is not taken over."""
    event, replayed = service.clone(caller, key, event_id, request)
    view = OrganisedEventView.model_validate(event)
    return Created(view, f"/v1/users/{view.organiser_id}/events/{view.id}", replayed=replayed)
