"""GET /v1/tickets/{ticket_id}: one ticket of the caller."""

from common.api import Caller, endpoint
from ticket.core import repository
from ticket.core.errors import TicketUnknown
from ticket.core.schemas import TicketView


@endpoint(refuses=[TicketUnknown])
def handler(ticket_id: str, caller: Caller) -> TicketView:
    """Show one ticket of the caller; it has no code until it is issued."""
    return TicketView.of(repository.owned(ticket_id, caller.user_id))
