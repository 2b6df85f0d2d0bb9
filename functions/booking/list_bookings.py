"""GET /v1/bookings: the caller's bookings, the newest first."""

from booking.core import lists
from booking.core.lists import Status
from booking.core.schemas import BookingView
from common.api import Caller, PageOf, Paging, endpoint
from common.cursor import BadToken


@endpoint(refuses=[BadToken])
def handler(caller: Caller, paging: Paging, status: Status | None = None) -> PageOf[BookingView]:
    """One page of them, by state if asked; such a page may be short, and another follows while there is a token."""
    return PageOf[BookingView].of(lists.of_user(caller.user_id, paging, status), BookingView.shown)
