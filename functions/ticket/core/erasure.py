"""Removes personal data from the tickets of an erased user; the tickets stay valid."""

from common.erasure import items_of_user, redact
from ticket.core.repository import TABLE

_ERASED_FIELDS = ("holder_name", "note")  # not the seat: the ticket admits to it


def erase_user_data(user_id: str) -> None:
    """Remove holder name and note from all tickets of the user, in any state."""
    for ticket in items_of_user(TABLE, user_id):
        redact(TABLE, ticket, _ERASED_FIELDS)
