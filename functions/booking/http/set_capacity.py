"""PUT /v1/events/{event_id}/types/{type_id}/capacity: set the number of places."""

from booking.core import capacity
from booking.core.errors import CapacityBelowSold, EventNotFound, EventNotPublished, EventTypeNotFound
from booking.core.schemas import CapacityRequest, CapacityView
from common.api import Caller, endpoint


@endpoint(errors=[EventNotFound, EventTypeNotFound, EventNotPublished, CapacityBelowSold])
def handler(event_id: str, type_id: str, request: CapacityRequest, caller: Caller) -> CapacityView:
    """Set how many places there are; never fewer than are held or sold. The same number again changes nothing."""
    return capacity.set_capacity(caller, event_id, type_id, request.capacity)
