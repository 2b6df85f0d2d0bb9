"""TicketRejected: the buyer cannot be admitted, so the booking is revoked and paid back."""

from booking.core import ending
from common.bus.ticket import TicketRejected
from common.consumer import consumer


@consumer
def handler(ticket: TicketRejected) -> None:
    """Cancel the confirmed booking; payment and places go back."""
    ending.revoke(ticket.booking_id)
