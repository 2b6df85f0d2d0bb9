"""TicketCheckedIn, TicketCheckInUndone, TicketTransferred: what was used or passed on stays."""

from booking.core import tickets
from common.bus.ticket import TicketCheckedIn, TicketCheckInUndone, TicketTransferred
from common.consumer import consumer


@consumer
def handler(word: TicketCheckedIn | TicketCheckInUndone | TicketTransferred) -> None:
    """Keep it with the booking."""
    tickets.follow(word)
