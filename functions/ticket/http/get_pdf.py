"""GET /v1/tickets/{ticket_id}/pdf: the ticket as a page to print."""

from common.api import BinaryResponse, Caller, endpoint
from ticket.core import event_copy, repository
from ticket.core.errors import NotIssued, TicketNotFound, TicketVoid
from ticket.core.rendering import pdf


@endpoint(errors=[TicketNotFound, NotIssued, TicketVoid])
def handler(ticket_id: str, caller: Caller) -> BinaryResponse:
    """Lay out the ticket on one A4 page, with its QR code."""
    ticket = repository.get_owned(ticket_id, caller.user_id)
    content = pdf.document(ticket, event_copy.get_for_ticket(ticket), repository.current_code(ticket))
    headers = {
        "cache-control": "private, max-age=60",
        "content-disposition": f'inline; filename="ticket-{ticket_id}.pdf"',
    }
    return BinaryResponse(content, "application/pdf", headers)
