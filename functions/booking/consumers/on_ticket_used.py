"""TicketCheckedIn, TicketCheckInUndone, TicketTransferred: record ticket usage, which blocks refunds."""

from booking.core import ticket_usage
from common.bus.ticket import TicketCheckedIn, TicketCheckInUndone, TicketTransferred
from common.consumer import consumer


@consumer
def handler(event: TicketCheckedIn | TicketCheckInUndone | TicketTransferred) -> None:
    """Record the event with the ticket's booking."""
    ticket_usage.record_ticket_event(event)
