"""POST /v1/events: a new event, as a draft."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import IdempotencyKeyReused
from events.core import errors, service
from events.core.requests import EventRequest
from events.core.schemas import OrganiserEventView


@endpoint(errors=[IdempotencyKeyReused, *errors.DRAFT_ERRORS])
def handler(request: EventRequest, caller: Caller, key: IdempotencyKey) -> Created[OrganiserEventView]:
    """Draft an event, with its types or without; nobody else sees it before it is published."""
    event, replayed = service.create_event(caller, key, request)
    view = OrganiserEventView.model_validate(event)
    return Created(view, f"/v1/users/{caller.user_id}/events/{view.id}", replayed=replayed)
