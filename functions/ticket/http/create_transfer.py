"""POST /v1/tickets/{ticket_id}/transfer: offer a ticket to another user."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from ticket.core import transfers
from ticket.core.errors import TRANSFER_ERRORS
from ticket.core.schemas import TransferRequest, TransferView


@endpoint(errors=TRANSFER_ERRORS)
def handler(
    ticket_id: str, request: TransferRequest, caller: Caller, idempotency_key: IdempotencyKey
) -> Created[TransferView]:
    """Offer the ticket to the person of that id, who accepts with the offer's own.

    The ticket stays valid until then; whether there is such a person is not said.
    """
    transfer, replayed = transfers.create(caller, ticket_id, request, idempotency_key)
    return Created(TransferView.model_validate(transfer), f"/v1/transfers/{transfer['id']}", replayed=replayed)
