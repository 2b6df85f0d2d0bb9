"""GET /v1/events/{event_id}/bookings: the bookings of the organiser's event, newest first."""

from booking.core import event_copy, read_models
from booking.core.errors import EventNotFound
from booking.core.read_models import Status
from booking.core.schemas import EventBookingView
from common.api import Caller, PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken


@endpoint(errors=[EventNotFound, InvalidPageToken])
def handler(
    event_id: str, caller: Caller, paging: PageParams, status: Status | None = None
) -> PageResponse[EventBookingView]:
    """One page of them, by state if asked; such a page may be short, and another follows while there is a token."""
    event_copy.get_managed_terms(event_id, caller)
    return PageResponse[EventBookingView].from_page(
        read_models.by_event(event_id, paging, status), EventBookingView.from_item
    )
