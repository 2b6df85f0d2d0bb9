"""Invoked by operators: rebuild the search index."""

from common.rpc.base import RpcRequest, RpcResponse
from common.rpc.invocation import rpc_handler
from events.core import index_builder


class RebuildIndex(RpcRequest):
    """No parameters."""


class IndexRebuilt(RpcResponse):
    """The number of indexed events."""

    events: int


@rpc_handler
def handler(_: RebuildIndex) -> IndexRebuilt:
    """Rebuild the index from the published events in the table."""
    return IndexRebuilt(events=index_builder.rebuild())
