"""Invoked by reconcile: apply what the provider knows of a payment and no webhook reported."""

from common.rpc.invocation import rpc_handler
from common.rpc.payment import SyncPaymentRequest, SyncPaymentResponse
from payment.core import provider_sync


@rpc_handler
def handler(request: SyncPaymentRequest) -> SyncPaymentResponse:
    return provider_sync.sync_payment(request.payment_id)
