"""GET /v1/events/{event_id}/cancellation: how far the cancellation of the organiser's event has come."""

from booking.core import cancellation, catalogue
from booking.core.errors import CancellationUnknown, EventUnknown
from booking.core.reports import CancellationView
from common.api import Caller, endpoint


@endpoint(refuses=[EventUnknown, CancellationUnknown])
def handler(event_id: str, caller: Caller) -> CancellationView:
    """How many bookings were found and cancelled, what goes back to buyers, and when all was done."""
    catalogue.organised(event_id, caller)
    return CancellationView.of(cancellation.existing(event_id))
