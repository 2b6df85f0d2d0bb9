"""GET /v1/events: find something to go to."""

from common.api import PageParams, PageResponse, endpoint
from common.pagination.tokens import InvalidPageToken
from events.core.event_search import EventQuery
from events.core.fields import FilterName, MaxPrice, SearchText, StartsFrom, StartsUntil
from events.core.schemas import EventView
from events.core.search_filters import AvailableOnly, SearchFilters, SortOrder


@endpoint(errors=[InvalidPageToken])
def handler(  # noqa: PLR0913 - one per query parameter
    paging: PageParams,
    q: SearchText = None,
    category: FilterName = None,
    city: FilterName = None,
    from_: StartsFrom = None,
    to: StartsUntil = None,
    price_max: MaxPrice = None,
    available: AvailableOnly = False,  # noqa: FBT002 - read from the query
    sort: SortOrder = "start",
) -> PageResponse[EventView]:
    """List published events that have all that is asked, from now on unless `from` says otherwise."""
    query = EventQuery(SearchFilters(q, category, city, price_max, available), from_, to, sort)
    return PageResponse[EventView].from_page(query.search(paging), EventView.model_validate)
