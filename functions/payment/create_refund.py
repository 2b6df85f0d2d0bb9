"""POST /v1/payments/{payment_id}/refund: the organiser gives money back, all that is left of it or a part."""

from common.api import Caller, Created, IdempotencyKey, endpoint
from payment.core import granting
from payment.core.errors import REFUND_REFUSALS
from payment.core.schemas import RefundRequest, RefundView


@endpoint(refuses=REFUND_REFUSALS)
def handler(
    payment_id: str, request: RefundRequest, caller: Caller, idempotency_key: IdempotencyKey
) -> Created[RefundView]:
    """Write down that it shall go back; the payment tells what became of it, within a moment as a rule."""
    refund, replayed = granting.grant(caller, payment_id, request, idempotency_key)
    return Created(RefundView.of(refund), f"/v1/payments/{payment_id}", replayed=replayed)
