"""GET /v1/payments/{payment_id}: one of the caller's payments, with its history."""

from common.api import Caller, endpoint
from payment.core import repository
from payment.core.errors import PaymentUnknown
from payment.core.schemas import PaymentDetail


@endpoint(refuses=[PaymentUnknown])
def handler(payment_id: str, caller: Caller) -> PaymentDetail:
    """The payment, and every step that it took."""
    return PaymentDetail.of(repository.owned(payment_id, caller.user_id))
