"""GET /v1/events/{event_id}/availability: what is left of each type, and what may be expected of it."""

from booking.core import catalogue
from booking.core.errors import EventUnknown
from booking.core.reports import Availability
from common import clock
from common.api import IfNoneMatch, NotModified, Ok, endpoint


@endpoint(refuses=[EventUnknown])
def handler(event_id: str, if_none_match: IfNoneMatch) -> Ok[Availability] | NotModified:
    """Places and an honest word for each type; for display, since only an order can decide."""
    view = Availability.of(catalogue.terms(event_id), clock.now())
    headers = {"etag": view.etag, "cache-control": "public, max-age=1"}
    return NotModified(headers) if if_none_match.has(view.etag) else Ok(view, headers)
