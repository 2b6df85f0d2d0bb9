"""Tickets of somebody who left: they admit as before, and name nobody."""

from common.erasing import blank, listed
from ticket.core.repository import TABLE

_WRITTEN = ("holder_name", "note")  # the seat stays: it is where the ticket admits to


def forget(user_id: str) -> None:
    """Blank what was written about the holder of each of the user's tickets, valid or not."""
    for ticket in listed(TABLE, user_id):
        blank(TABLE, ticket, _WRITTEN)
