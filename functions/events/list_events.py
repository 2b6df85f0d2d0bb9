"""GET /v1/events: find something to go to."""

from common.api import PageOf, Paging, endpoint
from common.cursor import BadToken
from events.core.catalogue import Search
from events.core.fields import From, MaxPrice, Name, To, Words
from events.core.schemas import EventView
from events.core.search import Available, Filters, Sort


@endpoint(refuses=[BadToken])
def handler(  # noqa: PLR0913 - one per query parameter
    paging: Paging,
    q: Words = None,
    category: Name = None,
    city: Name = None,
    from_: From = None,
    to: To = None,
    price_max: MaxPrice = None,
    available: Available = False,  # noqa: FBT002 - read from the query
    sort: Sort = "start",
) -> PageOf[EventView]:
    """List published events that have all that is asked, from now on unless `from` says otherwise."""
    search = Search(Filters(q, category, city, price_max, available), from_, to, sort)
    return PageOf[EventView].of(search.found(paging), EventView.model_validate)
