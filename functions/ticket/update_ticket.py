"""PUT /v1/tickets/{ticket_id}: what is printed on a ticket, and the organiser's note."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.revision import Changed, RevisionMissing, tagged
from ticket.core import desk
from ticket.core.errors import TicketUnknown, TicketVoid
from ticket.core.schemas import TicketRequest, TicketView


@endpoint(refuses=[TicketUnknown, TicketVoid, Changed, RevisionMissing])
def handler(ticket_id: str, request: TicketRequest, caller: Caller, seen: IfMatch) -> Ok[TicketView]:
    """Replace the holder's name, the seat and the note; what is left out is empty afterwards."""
    ticket = desk.describe(caller, ticket_id, request, seen)
    return Ok(TicketView.for_organiser(ticket), tagged(ticket))
