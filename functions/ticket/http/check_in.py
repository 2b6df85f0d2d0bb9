"""POST /v1/check-ins: check in a ticket at the door, once."""

from common.api import Caller, Created, endpoint
from ticket.core import check_in
from ticket.core.errors import CHECK_IN_ERRORS
from ticket.core.schemas import CheckInRequest, CheckInView


@endpoint(errors=CHECK_IN_ERRORS)
def handler(request: CheckInRequest, caller: Caller) -> Created[CheckInView]:
    """Admit the ticket behind the code. The same nonce gets the same answer and admits nobody again."""
    admission, replayed = check_in.admit(caller, request)
    return Created(CheckInView.model_validate(admission), f"/v1/check-ins/{request.nonce}", replayed=replayed)
