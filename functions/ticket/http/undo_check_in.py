"""POST /v1/check-ins/{nonce}/undo: undo one of the caller's check-ins."""

from common.api import Caller, endpoint
from ticket.core import check_in
from ticket.core.errors import CheckInNotFound, EventNotFound, TicketVoid
from ticket.core.schemas import CheckInNonce, CheckInView


@endpoint(errors=[CheckInNotFound, EventNotFound, TicketVoid])
def handler(nonce: CheckInNonce, caller: Caller) -> CheckInView:
    """Undo the admission that the caller made with this nonce: the ticket admits again, the nonce does not."""
    return CheckInView.model_validate(check_in.undo(caller, nonce))
