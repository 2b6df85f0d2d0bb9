"""POST /v1/tickets/{ticket_id}/transfer: offer a ticket to another person."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from common.idempotency import KeyReused
from ticket.core import transfers
from ticket.core.errors import AlreadyCheckedIn, AlreadyOffered, NotIssued, OfferedToOneself, TicketUnknown, TicketVoid
from ticket.core.schemas import TransferRequest, TransferView


@endpoint(refuses=[TicketUnknown, NotIssued, TicketVoid, AlreadyCheckedIn, AlreadyOffered, OfferedToOneself, KeyReused])
def handler(
    ticket_id: str, request: TransferRequest, caller: Caller, idempotency_key: IdempotencyKey
) -> Created[TransferView]:
    """Offer the ticket to the person of that id, who accepts with the offer's own.

    The ticket stays valid until then; whether there is such a person is not said.
    """
    made, replayed = transfers.offer(caller, ticket_id, request, idempotency_key)
    return Created(TransferView.model_validate(made), f"/v1/transfers/{made['id']}", replayed=replayed)
