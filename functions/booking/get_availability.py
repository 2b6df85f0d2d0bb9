"""GET /v1/events/{event_id}/availability: what is left of each type, and what may be expected of it."""

from booking.core import catalogue
from booking.core.errors import EventUnknown
from booking.core.reports import Availability
from common import clock
from common.api import IfNoneMatch, NotModified, Ok, endpoint
from common.revision import polled


@endpoint(refuses=[EventUnknown])
def handler(event_id: str, known: IfNoneMatch) -> Ok[Availability] | NotModified:
    """Places and an honest word for each type; for display, since only an order can decide."""
    return polled(Availability.of(catalogue.terms(event_id), clock.now()), known, cache="public, max-age=1")
