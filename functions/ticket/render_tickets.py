"""Asked by notify: the tickets of a booking with QR codes, and the event as a calendar file."""

from common.call import answers
from common.calls.ticket import RenderedTickets, RenderTickets
from ticket.core import rendering


@answers
def handler(request: RenderTickets) -> RenderedTickets:
    return rendering.rendered(request)
