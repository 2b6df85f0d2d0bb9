"""POST /v1/tickets/{ticket_id}/transfer: offer a ticket to another user."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import IdempotencyKeyReused
from ticket.core import transfers
from ticket.core.errors import AlreadyCheckedIn, NotIssued, TicketNotFound, TicketVoid, TransferPending, TransferToSelf
from ticket.core.schemas import TransferRequest, TransferView


@endpoint(
    errors=[
        TicketNotFound,
        NotIssued,
        TicketVoid,
        AlreadyCheckedIn,
        TransferPending,
        TransferToSelf,
        IdempotencyKeyReused,
    ]
)
def handler(
    ticket_id: str, request: TransferRequest, caller: Caller, idempotency_key: IdempotencyKey
) -> Created[TransferView]:
    """Offer the ticket to the person of that id, who accepts with the offer's own.

    The ticket stays valid until then; whether there is such a person is not said.
    """
    transfer, replayed = transfers.create(caller, ticket_id, request, idempotency_key)
    return Created(TransferView.model_validate(transfer), f"/v1/transfers/{transfer['id']}", replayed=replayed)
