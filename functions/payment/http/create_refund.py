"""POST /v1/payments/{payment_id}/refund: the organiser gives money back, all that is left of it or a part."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from payment.core import refunds
from payment.core.errors import REFUND_ERRORS
from payment.core.schemas import RefundRequest, RefundView


@endpoint(errors=REFUND_ERRORS)
def handler(
    payment_id: str, request: RefundRequest, caller: Caller, idempotency_key: IdempotencyKey
) -> Created[RefundView]:
    """Write down that it shall go back; the payment tells what became of it, within a moment as a rule."""
    refund, replayed = refunds.request_refund(caller, payment_id, request, idempotency_key)
    return Created(RefundView.from_refund(refund), f"/v1/payments/{payment_id}", replayed=replayed)
