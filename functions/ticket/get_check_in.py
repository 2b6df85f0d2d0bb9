"""GET /v1/check-ins/{nonce}: an admission of the caller's own."""

from common.api import Caller, endpoint
from ticket.core import door
from ticket.core.door_schemas import CheckInView, SpentNonce
from ticket.core.errors import CheckInUnknown, EventUnknown


@endpoint(refuses=[CheckInUnknown, EventUnknown])
def handler(nonce: SpentNonce, caller: Caller) -> CheckInView:
    """Show the admission that the caller made with this nonce, also once it was taken back."""
    return CheckInView.model_validate(door.made(caller, nonce))
