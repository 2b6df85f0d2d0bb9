"""GET /v1/tickets/{ticket_id}: one ticket that the caller owns or whose event they manage."""

from common.api import Caller, IfNoneMatch, NotModified, Ok, endpoint
from common.conditional_requests import not_modified_or
from ticket.core import access
from ticket.core.errors import TicketNotFound
from ticket.core.schemas import TicketView


@endpoint(errors=[TicketNotFound])
def handler(ticket_id: str, caller: Caller, if_none_match: IfNoneMatch) -> Ok[TicketView] | NotModified:
    """Show one ticket; it has no code until it is issued, and none for the event's organiser."""
    ticket = access.get_visible_ticket(caller, ticket_id)
    to_view = TicketView.from_item if ticket["user_id"] == caller.user_id else TicketView.for_organiser
    return not_modified_or(to_view(ticket), if_none_match, item=ticket)
