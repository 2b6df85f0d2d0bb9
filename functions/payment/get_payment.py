"""GET /v1/payments/{payment_id}: a payment of the caller's own or for an event of theirs, with its history."""

from common.api import Caller, IfNoneMatch, NotModified, Ok, endpoint
from common.revision import polled
from payment.core import access
from payment.core.errors import PaymentUnknown
from payment.core.schemas import PaymentDetail


@endpoint(refuses=[PaymentUnknown])
def handler(payment_id: str, caller: Caller, known: IfNoneMatch) -> Ok[PaymentDetail] | NotModified:
    """The payment, and every step that it took."""
    return polled(PaymentDetail.of(access.seen(caller, payment_id)), known)
