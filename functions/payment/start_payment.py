"""POST /v1/payments: open the provider's hosted page for an order, at the price agreed to."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from payment.core import starting
from payment.core.errors import START_REFUSALS
from payment.core.schemas import PaymentRequest, PaymentView


@endpoint(refuses=START_REFUSALS)
def handler(request: PaymentRequest, caller: Caller, idempotency_key: IdempotencyKey) -> Created[PaymentView]:
    """Answer `checkout_url`, where the order is paid; as long as that page is open, always the same one."""
    payment, replayed = starting.start(caller.user_id, request, idempotency_key)
    return Created(PaymentView.of(payment), f"/v1/payments/{payment.id}", replayed=replayed)
