"""PUT /v1/events/{event_id}/types/{type_id}/capacity: more places, or fewer."""

from booking.core import capacity
from booking.core.errors import BelowTaken, EventUnknown, NotPublishedYet, TypeUnknown
from booking.core.schemas import CapacityRequest, CapacityView
from common.api import Caller, endpoint


@endpoint(refuses=[EventUnknown, TypeUnknown, NotPublishedYet, BelowTaken])
def handler(event_id: str, type_id: str, request: CapacityRequest, caller: Caller) -> CapacityView:
    """Set how many places there are; never fewer than are held or sold. The same number again changes nothing."""
    return capacity.set_to(caller, event_id, type_id, request.capacity)
