"""GET /v1/events/{event_id}/bookings: the bookings of the organiser's event, the newest first."""

from booking.core import catalogue, lists
from booking.core.errors import EventUnknown
from booking.core.lists import Status
from booking.core.schemas import EventBookingView
from common.api import Caller, PageOf, Paging, endpoint
from common.cursor import BadToken


@endpoint(refuses=[EventUnknown, BadToken])
def handler(event_id: str, caller: Caller, paging: Paging, status: Status | None = None) -> PageOf[EventBookingView]:
    """One page of them, by state if asked; such a page may be short, and another follows while there is a token."""
    catalogue.organised(event_id, caller)
    return PageOf[EventBookingView].of(lists.of_event(event_id, paging, status), EventBookingView.shown)
