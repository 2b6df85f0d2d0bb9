"""GET /v1/payments/{payment_id}: a payment of the caller's own or for an event of theirs, with its history."""

from common.api import Caller, IfNoneMatch, NotModified, Ok, endpoint
from common.conditional_requests import not_modified_or
from payment.core import access
from payment.core.errors import PaymentNotFound
from payment.core.schemas import PaymentDetail


@endpoint(errors=[PaymentNotFound])
def handler(payment_id: str, caller: Caller, if_none_match: IfNoneMatch) -> Ok[PaymentDetail] | NotModified:
    """The payment, and every step that it took."""
    return not_modified_or(PaymentDetail.from_payment(access.get_visible(caller, payment_id)), if_none_match)
