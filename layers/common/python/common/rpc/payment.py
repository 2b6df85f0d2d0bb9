"""RPC contract of payment."""

from common.rpc.base import RpcRequest, RpcResponse


class SyncPaymentRequest(RpcRequest):
    """Sync the payment with the provider: apply captures and refunds that we do not have yet."""

    payment_id: str


class SyncPaymentResponse(RpcResponse):
    """`updated`: the payment changed. `complete`: the provider answered all requests."""

    updated: bool
    complete: bool = True
