"""GET /v1/tickets/{ticket_id}/calendar: the ticket's event as an iCalendar file."""

from common.api import BinaryResponse, Caller, endpoint
from ticket.core import event_copy, repository
from ticket.core.errors import NotIssued, TicketNotFound, TicketVoid
from ticket.core.rendering import ical


@endpoint(errors=[TicketNotFound, NotIssued, TicketVoid])
def handler(ticket_id: str, caller: Caller) -> BinaryResponse:
    """Give the event as an iCalendar document (RFC 5545)."""
    event = event_copy.get_for_ticket(repository.get_owned(ticket_id, caller.user_id))
    headers = {"cache-control": "private, max-age=60", "content-disposition": 'attachment; filename="event.ics"'}
    return BinaryResponse(ical.document(event).encode(), "text/calendar; charset=utf-8", headers)
