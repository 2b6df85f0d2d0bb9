"""PUT /v1/events/{event_id}/staff: who may admit at the door."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.revision import tagged
from events.core import service
from events.core.errors import ChangedMeanwhile, EventUnknown
from events.core.requests import StaffRequest
from events.core.schemas import OrganisedEventView


@endpoint(refuses=[EventUnknown, ChangedMeanwhile])
def handler(event_id: str, request: StaffRequest, caller: Caller, seen: IfMatch) -> Ok[OrganisedEventView]:
    """Name all who may admit; whoever is not named may not any more."""
    event = service.set_staff(caller, event_id, request, seen)
    return Ok(OrganisedEventView.model_validate(event), tagged(event))
