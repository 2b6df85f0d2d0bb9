"""POST /v1/check-ins/{nonce}/undo: take back an admission of the caller's own."""

from common.api import Caller, endpoint
from ticket.core import door
from ticket.core.door_schemas import CheckInView, SpentNonce
from ticket.core.errors import CheckInUnknown, EventUnknown, TicketVoid


@endpoint(refuses=[CheckInUnknown, EventUnknown, TicketVoid])
def handler(nonce: SpentNonce, caller: Caller) -> CheckInView:
    """Undo the admission that the caller made with this nonce: the ticket admits again, the nonce does not."""
    return CheckInView.model_validate(door.undo(caller, nonce))
