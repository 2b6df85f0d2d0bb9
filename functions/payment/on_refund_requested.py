"""RefundRequested: the provider is asked to send the money back."""

from common.bus.payment import RefundRequested
from common.consumer import consumer
from payment.core import refunds


@consumer
def handler(refund: RefundRequested) -> None:
    """Ask once, however often this is heard."""
    refunds.send(refund.payment_id, refund.refund_id)
