"""GET /v1/events/{event_id}/availability: how many places are free, per type."""

from booking.core import catalogue, stock
from booking.core.errors import EventUnknown
from booking.core.schemas import Availability
from common import clock
from common.api import Ok, endpoint


@endpoint(refuses=[EventUnknown])
def handler(event_id: str) -> Ok[Availability]:
    """Free places and a word for each type; for display, since only an order can decide."""
    terms = catalogue.terms(event_id)
    view = Availability.of(terms, stock.free(list(terms.types)), clock.now())
    return Ok(view, {"cache-control": "public, max-age=1"})
