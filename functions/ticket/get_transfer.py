"""GET /v1/transfers/{transfer_id}: an offer that the caller made or got."""

from common.api import Caller, endpoint
from ticket.core import transfers
from ticket.core.errors import TransferUnknown
from ticket.core.schemas import TransferView


@endpoint(refuses=[TransferUnknown])
def handler(transfer_id: str, caller: Caller) -> TransferView:
    """Show the offer to whoever made it and to whom it is made."""
    return TransferView.model_validate(transfers.seen(caller, transfer_id))
