"""GET /v1/events/{event_id}/cancellation: progress of the cancellation of the organiser's event."""

from booking.core import event_cancellation, event_copy
from booking.core.errors import CancellationNotFound, EventNotFound
from booking.core.read_models import CancellationView
from common.api import Caller, endpoint


@endpoint(errors=[EventNotFound, CancellationNotFound])
def handler(event_id: str, caller: Caller) -> CancellationView:
    """How many bookings were found and cancelled, what goes back to buyers, and when all was done."""
    event_copy.get_managed_terms(event_id, caller)
    return CancellationView.from_item(event_cancellation.get(event_id))
