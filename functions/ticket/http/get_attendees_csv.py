"""GET /v1/events/{event_id}/attendees/csv: the tickets of an event that the caller manages, as CSV."""

from common.api import BinaryResponse, Caller, PageToken, endpoint
from common.pagination.tokens import InvalidPageToken
from ticket.core import access, attendees
from ticket.core.errors import EventNotFound


@endpoint(errors=[EventNotFound, InvalidPageToken])
def handler(event_id: str, caller: Caller, next_token: PageToken | None = None) -> BinaryResponse:
    """Write every ticket of the event as a line, void ones too.

    What does not fit into one answer, some 10,000 lines, is at the address of its header `Link: <...>; rel="next"`.
    """
    content, following_token = attendees.csv_page(access.event_for_organiser(caller, event_id), next_token)
    headers = {"cache-control": "private, no-store", "content-disposition": f'attachment; filename="{event_id}.csv"'}
    link = (
        {"link": f'</v1/events/{event_id}/attendees/csv?next_token={following_token}>; rel="next"'}
        if following_token
        else {}
    )
    return BinaryResponse(content, "text/csv; charset=utf-8; header=present", headers | link)
