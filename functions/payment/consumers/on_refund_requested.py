"""RefundRequested: send the refund to the provider."""

from common.bus.payment import RefundRequested
from common.consumer import consumer
from payment.core import refunds


@consumer
def handler(refund: RefundRequested) -> None:
    """Send the refund once, even if the event is redelivered."""
    refunds.send_refund(refund.payment_id, refund.refund_id)
