"""GET /v1/bookings: the caller's bookings, newest first."""

from booking.core import read_models
from booking.core.read_models import Status
from booking.core.schemas import BookingView
from common.api import Caller, PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken


@endpoint(errors=[InvalidPageToken])
def handler(caller: Caller, paging: PageParams, status: Status | None = None) -> PageResponse[BookingView]:
    """One page of them, by state if asked; such a page may be short, and another follows while there is a token."""
    return PageResponse[BookingView].from_page(
        read_models.by_user(caller.user_id, paging, status), BookingView.from_item
    )
