"""GET /v1/tickets: the caller's tickets, newest first."""

from common.api import Caller, PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken
from ticket.core import repository
from ticket.core.schemas import TicketView


@endpoint(errors=[InvalidPageToken])
def handler(caller: Caller, paging: PageParams) -> PageResponse[TicketView]:
    """List the caller's tickets."""
    page = repository.BY_USER.page(caller.user_id, limit=paging.limit, token=paging.token)
    return PageResponse[TicketView].from_page(page, TicketView.from_item)
