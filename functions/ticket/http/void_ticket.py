"""POST /v1/tickets/{ticket_id}/void: void one ticket of an event that the caller manages."""

from common.api import Caller, endpoint
from ticket.core import ticket_admin
from ticket.core.errors import NotIssued, TicketNotFound
from ticket.core.schemas import TicketView


@endpoint(errors=[TicketNotFound, NotIssued])
def handler(ticket_id: str, caller: Caller) -> TicketView:
    """Withdraw one ticket, even one that was admitted.

    Nothing is paid back by it: a refund is a call of its own.
    """
    return TicketView.for_organiser(ticket_admin.void(caller, ticket_id))
