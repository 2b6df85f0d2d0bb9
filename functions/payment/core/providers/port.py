"""The port to the payment provider. Amounts are in minor units, currencies ISO 4217."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from payment.core.model import CapturedPayment, Checkout, Payment

KEY_LIFETIME = timedelta(hours=23)  # the provider keeps idempotency keys for 24 hours


class ProviderUnreachable(Exception):
    """No answer, or one that leaves the outcome unknown: retry with the same key."""


class ProviderRejected(Exception):
    """A definite rejection: nothing happened, and a retry would not change that."""


@dataclass(frozen=True)
class CheckoutOutcome:
    """How a checkout ended: paid with `captured`, or unpaid."""

    captured: CapturedPayment | None


class PaymentProvider(Protocol):
    """Every method is idempotent and raises ProviderUnreachable or ProviderRejected."""

    def create_checkout(self, payment: Payment) -> Checkout:
        """Open the hosted page of the payment's attempt; a repetition returns the same page."""

    def expire_checkout(self, session_id: str) -> CheckoutOutcome:
        """End the checkout: nothing can be paid there afterwards. Returns whether it was paid before.

        ProviderRejected here means that the provider does not know the session.
        """

    def get_checkout(self, session_id: str) -> CheckoutOutcome | None:
        """How the checkout ended; None while it is open or being paid."""

    def refund(self, captured: CapturedPayment, key: str, payment: Payment) -> None:
        """Refund the money, once per key. Returns when the provider has accepted the refund."""

    def has_refunded(self, captured: CapturedPayment, key: str) -> bool:
        """Whether a refund under this key was accepted and has not failed, even after the key's lifetime."""

    def refund_failed(self, captured: CapturedPayment, key: str) -> bool:
        """Whether all refunds that were accepted under this key have failed since; False if there are none."""
