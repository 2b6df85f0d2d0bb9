"""POST /v1/tickets/{ticket_id}/void: a ticket of the organiser's event admits nobody any more."""

from common.api import Caller, endpoint
from ticket.core import desk
from ticket.core.errors import NotIssued, TicketUnknown
from ticket.core.schemas import TicketView


@endpoint(refuses=[TicketUnknown, NotIssued])
def handler(ticket_id: str, caller: Caller) -> TicketView:
    """Withdraw one ticket, even one that was admitted.

    Nothing is paid back by it: a refund is a call of its own.
    """
    return TicketView.for_organiser(desk.void(caller, ticket_id))
