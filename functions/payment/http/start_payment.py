"""POST /v1/payments: open the provider's hosted page for an order, at the price agreed to."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from payment.core import checkout
from payment.core.errors import START_ERRORS
from payment.core.schemas import PaymentRequest, PaymentView


@endpoint(errors=START_ERRORS)
def handler(request: PaymentRequest, caller: Caller, idempotency_key: IdempotencyKey) -> Created[PaymentView]:
    """Answer `checkout_url`, where the order is paid; as long as that page is open, always the same one."""
    payment, replayed = checkout.start(caller.user_id, request, idempotency_key)
    return Created(PaymentView.from_payment(payment), f"/v1/payments/{payment.id}", replayed=replayed)
