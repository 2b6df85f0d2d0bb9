"""What a buyer wrote goes; that places were held, sold and given back stays, under the user's id."""

from booking.core.repository import TABLE
from common.erasing import blank, listed

_WRITTEN = ("idempotency_key",)  # a key's text is the client's own, and may say anything


def forget(user_id: str) -> None:
    """Blank what the user wrote into their bookings."""
    for booking in listed(TABLE, user_id):
        blank(TABLE, booking, _WRITTEN)
