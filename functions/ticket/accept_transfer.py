"""POST /v1/transfers/{transfer_id}/accept: take a ticket that was offered to the caller."""

from common.api import Caller, endpoint
from ticket.core import transfers
from ticket.core.errors import AlreadyCheckedIn, TicketVoid, TransferOver, TransferUnknown
from ticket.core.schemas import TicketView


@endpoint(refuses=[TransferUnknown, TransferOver, TicketVoid, AlreadyCheckedIn])
def handler(transfer_id: str, caller: Caller) -> TicketView:
    """Make the ticket the caller's: they get one with codes of its own, and the one before is void."""
    return TicketView.of(transfers.accept(caller, transfer_id))
