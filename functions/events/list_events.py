"""GET /v1/events: find something to go to."""

from common.api import Limit, Token, endpoint
from common.cursor import BadToken
from events.core.catalogue import Search
from events.core.fields import From, MaxPrice, Name, Sort, To, Words
from events.core.schemas import EventList
from events.core.search import Filters


@endpoint(refuses=[BadToken])
def handler(  # noqa: PLR0913 - one per query parameter
    q: Words = None,
    category: Name = None,
    city: Name = None,
    from_: From = None,
    to: To = None,
    price_max: MaxPrice = None,
    sort: Sort = "start",
    limit: Limit = 20,
    next_token: Token | None = None,
    previous_token: Token | None = None,
) -> EventList:
    """List published events that have all that is asked, from now on unless `from` says otherwise."""
    search = Search(Filters(q, category, city, price_max), from_, to, latest_first=sort == "-start")
    return EventList.model_validate(search.page(limit, next_token or previous_token), from_attributes=True)
