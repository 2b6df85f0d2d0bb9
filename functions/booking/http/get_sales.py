"""GET /v1/events/{event_id}/sales: sales of the organiser's event."""

from booking.core import event_copy
from booking.core.errors import EventNotFound
from booking.core.read_models import Sales
from common.api import Caller, endpoint


@endpoint(errors=[EventNotFound])
def handler(event_id: str, caller: Caller) -> Sales:
    """Places and revenue per type, and what has gone back; a moment behind the last payment."""
    return Sales.from_terms(event_copy.get_managed_terms(event_id, caller))
