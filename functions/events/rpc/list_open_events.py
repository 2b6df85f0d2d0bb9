"""Invoked by user: list the open events that block the erasure of their organiser."""

from common.rpc.events import ListOpenEventsRequest, ListOpenEventsResponse
from common.rpc.invocation import rpc_handler
from events.core import live_view


@rpc_handler
def handler(request: ListOpenEventsRequest) -> ListOpenEventsResponse:
    return ListOpenEventsResponse(event_ids=tuple(live_view.open_event_ids(request.organiser_id)))
