"""PUT /v1/events/{event_id}/staff: who may admit at the door."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.conditional_requests import etag_header
from common.problems import ConcurrentModification
from events.core import service
from events.core.errors import EventNotFound
from events.core.requests import StaffRequest
from events.core.schemas import OrganiserEventView


@endpoint(errors=[EventNotFound, ConcurrentModification])
def handler(event_id: str, request: StaffRequest, caller: Caller, if_match: IfMatch) -> Ok[OrganiserEventView]:
    """Name all who may admit; whoever is not named may not any more."""
    event = service.set_staff(caller, event_id, request, if_match)
    return Ok(OrganiserEventView.model_validate(event), etag_header(event))
