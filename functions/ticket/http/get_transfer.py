"""GET /v1/transfers/{transfer_id}: an offer that the caller made or received."""

from common.api import Caller, endpoint
from ticket.core import transfers
from ticket.core.errors import TransferNotFound
from ticket.core.schemas import TransferView


@endpoint(errors=[TransferNotFound])
def handler(transfer_id: str, caller: Caller) -> TransferView:
    """Show the offer to whoever made it and to whom it is made."""
    return TransferView.model_validate(transfers.get_visible(caller, transfer_id))
