"""DELETE /v1/check-ins/{nonce}: take back an admission of the caller's own."""

from common.api import Caller, NoContent, endpoint
from ticket.core import door
from ticket.core.door_schemas import SpentNonce
from ticket.core.errors import CheckInUnknown, EventUnknown, TicketVoid


@endpoint(refuses=[CheckInUnknown, EventUnknown, TicketVoid])
def handler(nonce: SpentNonce, caller: Caller) -> NoContent:
    """Undo the admission that the caller made with this nonce: the ticket admits again, the nonce does not."""
    door.undo(caller, nonce)
    return NoContent()
