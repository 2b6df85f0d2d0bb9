"""POST /v1/tickets/{ticket_id}/reissue: a new code for a ticket whose old one got into other hands."""

from common.api import Caller, endpoint
from ticket.core import desk
from ticket.core.errors import AlreadyCheckedIn, NotIssued, TicketUnknown, TicketVoid
from ticket.core.schemas import TicketView


@endpoint(refuses=[TicketUnknown, NotIssued, TicketVoid, AlreadyCheckedIn])
def handler(ticket_id: str, caller: Caller) -> TicketView:
    """Give the ticket a new code, which its owner sees at once; the old one is dead."""
    return TicketView.for_organiser(desk.reissue(caller, ticket_id))
