"""Everything that the mail about a booking's tickets shows."""

import base64

from common.calls.ticket import RenderedTicket, RenderedTickets, RenderTickets
from common.store import Item
from ticket.core import ical, issues, qr, repository
from ticket.core.model import State


class NotReady(Exception):
    """The tickets or the event's copy are not here yet; asking again will find them."""


def rendered(wanted: RenderTickets) -> RenderedTickets:
    """The wanted tickets that admit, with QR codes, and the event with a calendar file.

    Of a booking that was cancelled there are none: void tickets are not shown, and never will be again.
    Raises NotReady.
    """
    issue = issues.find(wanted.booking_id) or {"ticket_ids": []}
    made = repository.tickets(issue["ticket_ids"])
    tickets = [one for one in made if one["status"] != State.VOID and _wanted(one, wanted)]
    if "status" not in issue or not all("qr_payload" in one for one in tickets):
        raise NotReady("tickets")
    event = repository.event(issue["event_id"])
    if event is None:
        raise NotReady("event")
    return RenderedTickets(
        event_name=event["name"],
        **{name: event[name] for name in ("venue", "city", "zone", "starts_at", "ends_at")},
        calendar=ical.document(event),
        tickets=tuple(_rendered(one, event["types"]) for one in tickets),
    )


def _wanted(ticket: Item, wanted: RenderTickets) -> bool:
    theirs = wanted.user_id in ("", ticket["user_id"])
    return theirs and (not wanted.ticket_ids or ticket["id"] in wanted.ticket_ids)


def _rendered(ticket: Item, types: dict[str, str]) -> RenderedTicket:
    return RenderedTicket(
        ticket_id=ticket["id"],
        code=repository.code_of(ticket),
        type_name=types.get(ticket["event_type_id"], "Ticket"),
        qr_png=base64.b64encode(qr.png(ticket["qr_payload"])).decode(),
    )
