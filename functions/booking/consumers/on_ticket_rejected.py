"""TicketRejected: revoke the booking, so that it is refunded."""

from booking.core import release
from common.bus.ticket import TicketRejected
from common.consumer import consumer


@consumer
def handler(ticket: TicketRejected) -> None:
    """Cancel the confirmed booking and release its places."""
    release.revoke(ticket.booking_id)
