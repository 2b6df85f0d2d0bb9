"""GET /v1/events/{event_id}/attendees: the tickets of an event of the caller's, newest first."""

from common.api import Caller, PageOf, Paging, endpoint
from common.cursor import BadToken
from ticket.core import access, attendees
from ticket.core.errors import EventUnknown
from ticket.core.schemas import AttendeeView


@endpoint(refuses=[EventUnknown, BadToken])
def handler(event_id: str, caller: Caller, paging: Paging) -> PageOf[AttendeeView]:
    """List every ticket of the event, void ones too, to its organiser."""
    event = access.organiser_of(caller, event_id)
    page = attendees.LIST.page(event_id, limit=paging.limit, token=paging.token)
    return PageOf[AttendeeView].of(page, lambda one: AttendeeView.of(one, event["types"]))
