"""GET /v1/bookings: the caller's bookings, the newest first."""

from booking.core import repository
from booking.core.schemas import BookingPage
from common.api import Caller, Limit, Token, endpoint
from common.cursor import BadToken


@endpoint(refuses=[BadToken])
def handler(
    caller: Caller, limit: Limit = 20, next_token: Token | None = None, previous_token: Token | None = None
) -> BookingPage:
    """One page of them; either token goes on from where its page ended."""
    page = repository.list_of(caller.user_id, limit=limit, token=next_token or previous_token)
    return BookingPage.of(page)
