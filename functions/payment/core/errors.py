"""The problems that payment returns."""

from common.idempotency import IdempotencyKeyReused
from common.problems import BadRequest, Conflict, DomainError, Gone, NotFound, Unprocessable


class PaymentNotFound(NotFound):
    """There is no such payment, or it is not yours."""


class OrderNotFound(NotFound):
    """There is no such order to pay, or it is not yours; a moment after the booking it may be known."""

    def __init__(self) -> None:
        super().__init__(pointer="/order_id", retry_after=1)


class PriceMismatch(Unprocessable):
    """The price is not the amount due."""

    def __init__(self, price: int, due: int, currency: str) -> None:
        super().__init__(
            f"The price given is {price}, the amount due is {due} ({currency}, minor units).",
            pointer="/price",
            price=price,
            due=due,
            currency=currency,
        )


class AlreadyPaid(Conflict):
    """The order is paid."""


class NotPayable(Conflict):
    """The payment provider refuses this order for good, as with an amount too small for it."""


class PaymentDeadlinePassed(Gone):
    """The time to pay is over and the places are no longer held."""


class PaymentClosed(Gone):
    """The order was cancelled or failed, and nothing is due for it."""


class ProviderUnavailable(DomainError):
    """The payment provider does not answer; nothing is lost, and trying again is safe."""

    status = 503

    def __init__(self) -> None:
        super().__init__(retry_after=2)


class NothingToRefund(Conflict):
    """No money was received: the payment was not made, or nothing was due."""


class RefundExceedsPayment(Conflict):
    """No more can go back than was paid and has not gone back yet."""

    def __init__(self, refundable: int, currency: str) -> None:
        super().__init__(
            f"At most {refundable} ({currency}, minor units) can still go back.",
            pointer="/amount",
            left=refundable,
            currency=currency,
        )


class TooManyRefunds(Conflict):
    """The payment has had as many refunds as one payment can have."""


class NotPaid(Conflict):
    """Nothing has been paid, so there is no receipt."""


class InvalidSignature(BadRequest):
    """The message is not signed by the provider, or not of this moment."""


class EventIdReused(Conflict):
    """The provider's event id was received before with another content."""


START_ERRORS = (
    OrderNotFound,
    PriceMismatch,
    IdempotencyKeyReused,
    AlreadyPaid,
    NotPayable,
    PaymentDeadlinePassed,
    PaymentClosed,
    ProviderUnavailable,
)
REFUND_ERRORS = (PaymentNotFound, IdempotencyKeyReused, NothingToRefund, RefundExceedsPayment, TooManyRefunds)
WEBHOOK_ERRORS = (InvalidSignature, EventIdReused, ProviderUnavailable)
