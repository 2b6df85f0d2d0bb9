"""GET /v1/events/{event_id}/sales: what an event of the organiser's has sold."""

from booking.core import catalogue
from booking.core.errors import EventUnknown
from booking.core.reports import Sales
from common.api import Caller, endpoint


@endpoint(refuses=[EventUnknown])
def handler(event_id: str, caller: Caller) -> Sales:
    """Places and revenue per type, and what has gone back; a moment behind the last payment."""
    return Sales.of(catalogue.organised(event_id, caller))
