"""GET /v1/tickets: the caller's tickets, newest first."""

from common.api import Caller, Limit, Token, endpoint
from common.cursor import BadToken
from ticket.core import repository
from ticket.core.schemas import TicketPage


@endpoint(refuses=[BadToken])
def handler(
    caller: Caller, limit: Limit = 20, next_token: Token | None = None, previous_token: Token | None = None
) -> TicketPage:
    """List the caller's tickets."""
    return TicketPage.of(repository.MINE.page(caller.user_id, limit=limit, token=next_token or previous_token))
