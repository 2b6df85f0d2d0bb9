"""POST /v1/events: a new event, as a draft."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import KeyReused
from events.core import errors, service
from events.core.schemas import EventRequest, OrganisedEventView


@endpoint(refuses=[KeyReused, *errors.DRAFT_REFUSALS])
def handler(request: EventRequest, caller: Caller, key: IdempotencyKey) -> Created[OrganisedEventView]:
    """Draft an event, with its types or without; nobody else sees it before it is published."""
    event, replayed = service.create_event(caller, key, request)
    return Created(OrganisedEventView.model_validate(event), f"/v1/events/{event['id']}", replayed=replayed)
