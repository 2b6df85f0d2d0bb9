"""The port to whoever takes the money. Amounts are minor units, currencies ISO 4217."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from payment.core.model import Checkout, Payment


class Unreachable(Exception):
    """No answer, or none that says what happened: ask again with the same key."""


class Declined(Exception):
    """The provider has answered, and it is a definite no: nothing happened and nothing will."""


@dataclass(frozen=True)
class Money:
    """What was received, under the provider's own id."""

    provider_payment: str
    amount: int
    currency: str

    def covers(self, payment: Payment) -> bool:
        return (self.amount, self.currency) == (payment.prices, payment.currency)


@dataclass(frozen=True)
class Closed:
    """What became of a checkout that was to be closed: with the money it had received, if any."""

    money: Money | None


class PaymentProvider(Protocol):
    """Every method raises Unreachable or Declined; each may be repeated without harm."""

    def open(self, payment: Payment) -> Checkout:
        """The hosted page of the payment's attempt: the same one however often it is asked for."""

    def close(self, session_id: str) -> Closed:
        """End the checkout, so that nothing can be paid there; believed if it was paid before.

        Declined here says that the provider does not know the session: no word about its money.
        """

    def look(self, session_id: str) -> Closed | None:
        """What became of the checkout; None while it can be paid, or is being."""

    def refund(self, money: Money, key: str, payment: Payment) -> None:
        """Send the money back, once per key. Returns once the provider has accepted to."""

    def has_refunded(self, money: Money, key: str) -> bool:
        """Whether the money went back under this key before; for when the key itself may be forgotten."""

    def refund_failed(self, money: Money, key: str) -> bool:
        """Whether the provider had accepted to send the money back under this key, and has not done so."""


@cache
def _stripe() -> PaymentProvider:
    # 0.2 s of import that only those who call the provider pay.
    from payment.core.stripe_provider import StripeProvider  # noqa: PLC0415

    return StripeProvider()


_made_by: list[Callable[[], PaymentProvider]] = [_stripe]


def current() -> PaymentProvider:
    return _made_by[0]()


def use(source: Callable[[], PaymentProvider] | None = None) -> None:
    """Take the provider from `source`, or the real one again."""
    _made_by[0] = source or _stripe
