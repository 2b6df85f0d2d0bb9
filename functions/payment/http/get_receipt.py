"""GET /v1/payments/{payment_id}/receipt: every amount that makes up what was paid, and what went back."""

from common.api import Caller, endpoint
from payment.core import access, event_copy
from payment.core.errors import NotPaid, PaymentNotFound
from payment.core.receipt import ReceiptView


@endpoint(errors=[PaymentNotFound, NotPaid])
def handler(payment_id: str, caller: Caller) -> ReceiptView:
    """For the buyer and for the organiser of the event."""
    payment = access.get_visible(caller, payment_id)
    return ReceiptView.from_payment(payment, event_copy.find(payment.event_id))
