"""POST /v1/check-ins: admit a ticket at the door, once."""

from common.api import Caller, Created, endpoint
from ticket.core import door
from ticket.core.door_schemas import CheckInRequest, CheckInView
from ticket.core.errors import AT_THE_DOOR


@endpoint(refuses=AT_THE_DOOR)
def handler(request: CheckInRequest, caller: Caller) -> Created[CheckInView]:
    """Admit the ticket behind the code. The same nonce gets the same answer and admits nobody again."""
    scan, replayed = door.check_in(caller, request)
    return Created(CheckInView.model_validate(scan), f"/v1/check-ins/{request.nonce}", replayed=replayed)
