"""DELETE /v1/tickets/{ticket_id}/transfer: cancel the open offer of a ticket."""

from common.api import Caller, NoContent, endpoint
from ticket.core import transfers
from ticket.core.errors import TicketNotFound, TransferClosed


@endpoint(errors=[TicketNotFound, TransferClosed])
def handler(ticket_id: str, caller: Caller) -> NoContent:
    """Take the open offer back, if there is one."""
    transfers.cancel(caller, ticket_id)
    return NoContent()
