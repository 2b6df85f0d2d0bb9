"""PUT /v1/tickets/{ticket_id}: holder name, seat and note of a ticket."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.conditional_requests import IfMatchRequired, StaleVersion, etag_header
from ticket.core import ticket_admin
from ticket.core.errors import TicketNotFound, TicketVoid
from ticket.core.schemas import TicketRequest, TicketView


@endpoint(errors=[TicketNotFound, TicketVoid, StaleVersion, IfMatchRequired])
def handler(ticket_id: str, request: TicketRequest, caller: Caller, if_match: IfMatch) -> Ok[TicketView]:
    """Replace the holder's name, the seat and the note; what is left out is empty afterwards."""
    ticket = ticket_admin.update_details(caller, ticket_id, request, if_match)
    return Ok(TicketView.for_organiser(ticket), etag_header(ticket))
