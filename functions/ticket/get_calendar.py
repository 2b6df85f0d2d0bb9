"""GET /v1/tickets/{ticket_id}/calendar: the ticket's event for a calendar."""

from common.api import Binary, Caller, endpoint
from ticket.core import ical, repository
from ticket.core.errors import NotIssued, TicketUnknown, TicketVoid
from ticket.core.service import shown_event


@endpoint(refuses=[TicketUnknown, NotIssued, TicketVoid])
def handler(ticket_id: str, caller: Caller) -> Binary:
    """Give the event as an iCalendar document (RFC 5545)."""
    event = shown_event(repository.owned(ticket_id, caller.user_id))
    named = {"cache-control": "private, max-age=60", "content-disposition": 'attachment; filename="event.ics"'}
    return Binary(ical.document(event).encode(), "text/calendar; charset=utf-8", named)
