"""DELETE /v1/tickets/{ticket_id}/transfer: keep a ticket that was offered to another person."""

from common.api import Caller, NoContent, endpoint
from ticket.core import transfers
from ticket.core.errors import TicketUnknown, TransferOver


@endpoint(refuses=[TicketUnknown, TransferOver])
def handler(ticket_id: str, caller: Caller) -> NoContent:
    """Take the open offer back, if there is one."""
    transfers.retract(caller, ticket_id)
    return NoContent()
