"""GET /v1/tickets/{ticket_id}/qr: the ticket's QR code."""

from typing import Literal

from common.api import BinaryResponse, Caller, endpoint
from ticket.core import repository
from ticket.core.errors import NotIssued, TicketNotFound, TicketVoid
from ticket.core.model import qr_payload_of
from ticket.core.rendering import qr


@endpoint(errors=[TicketNotFound, NotIssued, TicketVoid])
def handler(ticket_id: str, caller: Caller, format: Literal["svg", "png"] = "svg") -> BinaryResponse:  # noqa: A002 - the query parameter's name
    """Draw the ticket's QR code; it holds exactly `qr_payload`."""
    payload = qr_payload_of(repository.get_owned(ticket_id, caller.user_id))
    formats = {"svg": ("image/svg+xml", qr.svg), "png": ("image/png", qr.png)}
    content_type, draw = formats[format]
    return BinaryResponse(draw(payload), content_type, {"cache-control": "private, max-age=60"})
