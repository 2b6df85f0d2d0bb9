"""GET /v1/payments/{payment_id}/receipt: every amount that makes up what was paid, and what went back."""

from common.api import Caller, endpoint
from payment.core import access, catalogue
from payment.core.errors import NotPaid, PaymentUnknown
from payment.core.receipt import ReceiptView


@endpoint(refuses=[PaymentUnknown, NotPaid])
def handler(payment_id: str, caller: Caller) -> ReceiptView:
    """For the buyer and for the organiser of the event."""
    payment = access.seen(caller, payment_id)
    return ReceiptView.of(payment, catalogue.find(payment.event_id))
