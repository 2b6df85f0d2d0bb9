"""POST /v1/events/{event_id}/cancel: it will not take place."""

from common.api import Caller, endpoint
from common.problems import ConcurrentModification
from events.core import service
from events.core.errors import EventEnded, EventNotFound
from events.core.requests import CancelRequest
from events.core.schemas import OrganiserEventView


@endpoint(errors=[EventNotFound, EventEnded, ConcurrentModification])
def handler(event_id: str, request: CancelRequest, caller: Caller) -> OrganiserEventView:
    """Call an event off for good: all its bookings end, all money goes back, and buyers are told with the message.

    To cancel it again changes nothing, not even the message.
    """
    return OrganiserEventView.model_validate(service.cancel(caller, event_id, request))
