"""The ticket content of emails: codes, QR images and the event with a calendar file."""

import base64

from common.rpc.ticket import RenderedTicket, RenderTicketsRequest, RenderTicketsResponse
from common.store import Item
from ticket.core import event_copy, repository
from ticket.core.model import State
from ticket.core.rendering import ical, qr


class NotReady(Exception):
    """The tickets or the event copy have not arrived yet; retry."""


def render(request: RenderTicketsRequest) -> RenderTicketsResponse:
    """The requested tickets that are not void, with QR codes, and the event with a calendar file. Raises NotReady."""
    issuance = repository.find_issuance(request.booking_id) or {"ticket_ids": []}
    issued = repository.find_tickets(issuance["ticket_ids"])
    tickets = [one for one in issued if one["status"] != State.VOID and _is_requested(one, request)]
    if "status" not in issuance or not all("qr_payload" in one for one in tickets):
        raise NotReady("tickets")
    event = event_copy.find(issuance["event_id"])
    if event is None:
        raise NotReady("event")
    return RenderTicketsResponse(
        event_name=event["name"],
        **{name: event[name] for name in ("venue", "city", "zone", "starts_at", "ends_at")},
        calendar=ical.document(event),
        tickets=tuple(_render_ticket(one, event["types"]) for one in tickets),
    )


def _is_requested(ticket: Item, request: RenderTicketsRequest) -> bool:
    is_owned = request.user_id in ("", ticket["user_id"])
    return is_owned and (not request.ticket_ids or ticket["id"] in request.ticket_ids)


def _render_ticket(ticket: Item, types: dict[str, str]) -> RenderedTicket:
    return RenderedTicket(
        ticket_id=ticket["id"],
        code=repository.current_code(ticket),
        type_name=types.get(ticket["event_type_id"], "Ticket"),
        qr_png=base64.b64encode(qr.png(ticket["qr_payload"])).decode(),
    )
