"""GET /v1/tickets/{ticket_id}/pdf: the ticket as a page to print."""

from common.api import Binary, Caller, endpoint
from ticket.core import pdf, repository
from ticket.core.errors import NotIssued, TicketUnknown, TicketVoid
from ticket.core.service import shown_event


@endpoint(refuses=[TicketUnknown, NotIssued, TicketVoid])
def handler(ticket_id: str, caller: Caller) -> Binary:
    """Lay out the ticket on one A4 page, with its QR code."""
    ticket = repository.owned(ticket_id, caller.user_id)
    page = pdf.document(ticket, shown_event(ticket), repository.code_of(ticket))
    named = {
        "cache-control": "private, max-age=60",
        "content-disposition": f'inline; filename="ticket-{ticket_id}.pdf"',
    }
    return Binary(page, "application/pdf", named)
