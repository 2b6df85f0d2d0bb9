"""Bus events of payment."""

from typing import Literal

from common.bus.base import BusEvent


class PaymentEvent(BusEvent):
    source = "ticketing.payment"
    payment_id: str
    booking_id: str
    user_id: str


class PaymentSucceeded(PaymentEvent):
    """The whole amount due was received; booking confirms the booking or fails it."""

    entity = "payment"
    prices: int  # minor units
    currency: str
    method: str


class PaymentFailed(PaymentEvent):
    """The payment ended unpaid: the provider no longer accepts it."""

    entity = "payment"
    reason: Literal["expired", "declined", "amount_mismatch"]


class RefundRequested(PaymentEvent):
    """A refund of `amount` minor units was requested; payment sends it to the provider exactly once."""

    entity = "payment"
    refund_id: str
    amount: int
    currency: str


class PaymentRefunded(PaymentEvent):
    """The provider accepted a refund of `amount` minor units; `refunded` is the total of all refunds."""

    entity = "payment"
    amount: int
    currency: str
    prices: int = 0  # the amount paid
    refunded: int = 0
    version: int = 0  # of the payment; the highest has the newest total


class PaymentRefundFailed(PaymentEvent):
    """A refund of `amount` minor units failed, perhaps after acceptance; `refunded` is the total without it."""

    entity = "payment"
    amount: int
    currency: str
    refunded: int
    version: int
