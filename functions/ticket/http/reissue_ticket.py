"""POST /v1/tickets/{ticket_id}/reissue: a new code for a ticket; the old one is revoked."""

from common.api import Caller, endpoint
from ticket.core import ticket_admin
from ticket.core.errors import AlreadyCheckedIn, NotIssued, TicketNotFound, TicketVoid
from ticket.core.schemas import TicketView


@endpoint(errors=[TicketNotFound, NotIssued, TicketVoid, AlreadyCheckedIn])
def handler(ticket_id: str, caller: Caller) -> TicketView:
    """Give the ticket a new code, which its owner sees at once; the old one is dead."""
    return TicketView.for_organiser(ticket_admin.reissue(caller, ticket_id))
