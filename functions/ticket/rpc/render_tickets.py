"""Invoked by notify: tickets of a booking with QR codes, and the event as a calendar file."""

from common.rpc.invocation import rpc_handler
from common.rpc.ticket import RenderTicketsRequest, RenderTicketsResponse
from ticket.core.rendering import email


@rpc_handler
def handler(request: RenderTicketsRequest) -> RenderTicketsResponse:
    return email.render(request)
