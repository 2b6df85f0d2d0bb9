"""GET /v1/events/{event_id}/attendees: the tickets of an event of the caller's, newest first."""

from common.api import Caller, PageOf, Paging, endpoint
from common.cursor import BadToken
from ticket.core import access, attendees
from ticket.core.errors import EventUnknown
from ticket.core.model import State
from ticket.core.schemas import AttendeeView


@endpoint(refuses=[EventUnknown, BadToken])
def handler(event_id: str, caller: Caller, paging: Paging, status: State | None = None) -> PageOf[AttendeeView]:
    """List every ticket of the event, void ones too, to its organiser; or those in one state.

    A page by state may be short, and another follows while there is a token.
    """
    event = access.organiser_of(caller, event_id)
    page = attendees.page(event_id, paging, status)
    return PageOf[AttendeeView].of(page, lambda one: AttendeeView.of(one, event["types"]))
