"""GET /v1/events/{event_id}/availability: place counts and availability status of each event type."""

from booking.core import event_copy
from booking.core.errors import EventNotFound
from booking.core.read_models import Availability
from common import clock
from common.api import IfNoneMatch, NotModified, Ok, endpoint
from common.conditional_requests import not_modified_or


@endpoint(errors=[EventNotFound])
def handler(event_id: str, if_none_match: IfNoneMatch) -> Ok[Availability] | NotModified:
    """Places and an honest word for each type; for display, since only an order can decide."""
    return not_modified_or(
        Availability.from_terms(event_copy.get_terms(event_id), clock.now()),
        if_none_match,
        cache_control="public, max-age=1",
    )
