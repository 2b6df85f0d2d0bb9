"""What payment tells the others."""

from typing import Literal

from common.bus.base import BusEvent


class PaymentEvent(BusEvent):
    source = "ticketing.payment"
    payment_id: str
    booking_id: str
    user_id: str


class PaymentSucceeded(PaymentEvent):
    """The whole amount due has been received; booking answers with confirmed or failed."""

    entity = "payment"
    prices: int  # minor units
    currency: str
    method: str


class PaymentFailed(PaymentEvent):
    """The hold is over and the provider will not take this payment any more."""

    entity = "payment"
    reason: Literal["expired", "declined", "amount_mismatch"]


class RefundRequested(PaymentEvent):
    """`amount` minor units shall go back: the provider is to be asked, once however often this is heard."""

    entity = "payment"
    refund_id: str
    amount: int
    currency: str


class PaymentRefunded(PaymentEvent):
    """The provider has accepted to send `amount` minor units back; `refunded` is the sum of all that went back."""

    entity = "payment"
    amount: int
    currency: str
    prices: int = 0  # what had been paid
    refunded: int = 0
    version: int = 0  # the payment's: of two sums the one with the higher is the newer


class PaymentRefundFailed(PaymentEvent):
    """`amount` minor units do not go back, though the provider may have accepted to; `refunded` is what still did."""

    entity = "payment"
    amount: int
    currency: str
    refunded: int
    version: int
