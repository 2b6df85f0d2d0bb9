"""GET /v1/check-ins/{nonce}: one of the caller's check-ins."""

from common.api import Caller, endpoint
from ticket.core import check_in
from ticket.core.errors import CheckInNotFound, EventNotFound
from ticket.core.schemas import CheckInNonce, CheckInView


@endpoint(errors=[CheckInNotFound, EventNotFound])
def handler(nonce: CheckInNonce, caller: Caller) -> CheckInView:
    """Show the admission that the caller made with this nonce, also once it was taken back."""
    return CheckInView.model_validate(check_in.get_check_in(caller, nonce))
