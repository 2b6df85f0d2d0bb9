"""RPC contract of events."""

from common.rpc.base import RpcRequest, RpcResponse


class FindEventTypeRequest(RpcRequest):
    """Look up an event with an event type in any state, of one organiser or of any (None)."""

    organiser_id: str | None
    event_id: str
    event_type_id: str


class FindEventTypeResponse(RpcResponse):
    """`published`: the event has been published, even if it was cancelled or has ended."""

    found: bool
    published: bool


class ListOpenEventsRequest(RpcRequest):
    """List the organiser's published events that have not ended."""

    organiser_id: str


class ListOpenEventsResponse(RpcResponse):
    """The event ids, bounded to the first few."""

    event_ids: tuple[str, ...]
