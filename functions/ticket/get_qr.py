"""GET /v1/tickets/{ticket_id}/qr: the QR code that the door scans."""

from typing import Literal

from common.api import Binary, Caller, endpoint
from ticket.core import qr, repository
from ticket.core.errors import NotIssued, TicketUnknown, TicketVoid
from ticket.core.service import shown_payload


@endpoint(refuses=[TicketUnknown, NotIssued, TicketVoid])
def handler(ticket_id: str, caller: Caller, format: Literal["svg", "png"] = "svg") -> Binary:  # noqa: A002 - the query parameter's name
    """Draw the ticket's QR code; it holds exactly `qr_payload`."""
    payload = shown_payload(repository.owned(ticket_id, caller.user_id))
    drawing = {"svg": ("image/svg+xml", qr.svg), "png": ("image/png", qr.png)}
    content_type, draw = drawing[format]
    return Binary(draw(payload), content_type, {"cache-control": "private, max-age=60"})
