"""Erasure (GDPR): redacts the text a buyer wrote; the bookings stay under the user id."""

from booking.core.repository import TABLE
from common.erasure import items_of_user, redact

_USER_TEXT = ("idempotency_key",)  # chosen by the client, so it may contain personal data


def erase_user_data(user_id: str) -> None:
    """Redact the user's own text in all their bookings."""
    for booking in items_of_user(TABLE, user_id):
        redact(TABLE, booking, _USER_TEXT)
