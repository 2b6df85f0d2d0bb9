"""GET /v1/events/{event_id}/attendees/csv: the tickets of an event of the caller's, for a spreadsheet."""

from common.api import Binary, Caller, Token, endpoint
from common.cursor import BadToken
from ticket.core import access, sheet
from ticket.core.errors import EventUnknown


@endpoint(refuses=[EventUnknown, BadToken])
def handler(event_id: str, caller: Caller, next_token: Token | None = None) -> Binary:
    """Write every ticket of the event as a line, void ones too.

    What does not fit into one answer, some 10,000 lines, is at the address of its header `Link: <...>; rel="next"`.
    """
    lines, rest = sheet.sheet(access.organiser_of(caller, event_id), next_token)
    named = {"cache-control": "private, no-store", "content-disposition": f'attachment; filename="{event_id}.csv"'}
    link = {"link": f'</v1/events/{event_id}/attendees/csv?next_token={rest}>; rel="next"'} if rest else {}
    return Binary(lines, "text/csv; charset=utf-8; header=present", named | link)
