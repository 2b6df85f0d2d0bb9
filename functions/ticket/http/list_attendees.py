"""GET /v1/events/{event_id}/attendees: the tickets of an event that the caller manages, newest first."""

from common.api import Caller, PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken
from ticket.core import access, attendees
from ticket.core.errors import EventNotFound
from ticket.core.model import State
from ticket.core.schemas import AttendeeView


@endpoint(errors=[EventNotFound, InvalidPageToken])
def handler(
    event_id: str, caller: Caller, paging: PageParams, status: State | None = None
) -> PageResponse[AttendeeView]:
    """List every ticket of the event, void ones too, to its organiser; or those in one state.

    A page by state may be short, and another follows while there is a token.
    """
    event = access.event_for_organiser(caller, event_id)
    page = attendees.by_event(event_id, paging, status)
    return PageResponse[AttendeeView].from_page(page, lambda one: AttendeeView.from_item(one, event["types"]))
