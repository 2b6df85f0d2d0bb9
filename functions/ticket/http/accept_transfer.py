"""POST /v1/transfers/{transfer_id}/accept: accept a ticket that was offered to the caller."""

from common.api import Caller, endpoint
from ticket.core import transfers
from ticket.core.errors import AlreadyCheckedIn, TicketVoid, TransferClosed, TransferNotFound
from ticket.core.schemas import TicketView


@endpoint(errors=[TransferNotFound, TransferClosed, TicketVoid, AlreadyCheckedIn])
def handler(transfer_id: str, caller: Caller) -> TicketView:
    """Make the ticket the caller's: they get one with codes of its own, and the one before is void."""
    return TicketView.from_item(transfers.accept(caller, transfer_id))
