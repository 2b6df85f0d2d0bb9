"""GET /v1/tickets: the caller's tickets, newest first."""

from common.api import Caller, PageOf, Paging, endpoint
from common.cursor import BadToken
from ticket.core import repository
from ticket.core.schemas import TicketView


@endpoint(refuses=[BadToken])
def handler(caller: Caller, paging: Paging) -> PageOf[TicketView]:
    """List the caller's tickets."""
    page = repository.MINE.page(caller.user_id, limit=paging.limit, token=paging.token)
    return PageOf[TicketView].of(page, TicketView.of)
