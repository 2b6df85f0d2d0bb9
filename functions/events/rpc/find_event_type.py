"""Invoked by booking: look up an event type that booking does not know (yet), for example of a draft."""

from common.rpc.events import FindEventTypeRequest, FindEventTypeResponse
from common.rpc.invocation import rpc_handler
from events.core import event_types


@rpc_handler
def handler(request: FindEventTypeRequest) -> FindEventTypeResponse:
    return event_types.find_for_booking(request)
