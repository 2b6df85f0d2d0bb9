"""GET /v1/tickets/{ticket_id}: one ticket of the caller, or of an event of theirs."""

from common.api import Caller, IfNoneMatch, NotModified, Ok, endpoint
from common.revision import polled
from ticket.core import access
from ticket.core.errors import TicketUnknown
from ticket.core.schemas import TicketView


@endpoint(refuses=[TicketUnknown])
def handler(ticket_id: str, caller: Caller, known: IfNoneMatch) -> Ok[TicketView] | NotModified:
    """Show one ticket; it has no code until it is issued, and none for the event's organiser."""
    ticket = access.seen(caller, ticket_id)
    show = TicketView.of if ticket["user_id"] == caller.user_id else TicketView.for_organiser
    return polled(show(ticket), known, of=ticket)
