"""RPC contract of cdc."""

from typing import Any

from common.rpc.base import RpcRequest, RpcResponse


class RepublishEventsRequest(RpcRequest):
    """Item images with outboxes; cdc publishes their bus events again under the original ids."""

    images: tuple[dict[str, Any], ...]


class RepublishEventsResponse(RpcResponse):
    """The numbers of bus events that EventBridge accepted and rejected."""

    published: int
    failed: int
