"""Stripe as the payment provider: hosted Checkout sessions, by card, and refunds.

https://docs.stripe.com/api/checkout/sessions and https://docs.stripe.com/api/refunds. The base address is
a setting of the stage, so that the sandbox can replace Stripe.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import stripe

from common import env
from payment.core.model import CapturedPayment, Checkout, Payment
from payment.core.providers.port import CheckoutOutcome, ProviderRejected, ProviderUnreachable

R = TypeVar("R")

_TIMEOUT_SECONDS = (1, 5)  # connect and read; with retries within our functions' time-outs
_MAX_RETRIES = 1
_PAGE_SIZE = 100  # the maximum of a Stripe list
# No decimals in ISO 4217, but hundredths at Stripe: https://docs.stripe.com/currencies
_HUNDREDTHS_AT_STRIPE = {"ISK", "UGX"}
_FAILED_STATUSES = ("failed", "canceled")  # of a refund

stripe.enable_telemetry = False


class StripeProvider:
    """The adapter; `http` replaces the HTTP client of the SDK."""

    def __init__(self, http: stripe.HTTPClient | None = None) -> None:
        self._client = stripe.StripeClient(
            json.loads(env.secret("provider"))["api_key"],
            base_addresses={"api": env.setting("PROVIDER_API")},
            http_client=http or stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
            max_network_retries=_MAX_RETRIES,
        )

    def create_checkout(self, payment: Payment) -> Checkout:
        options: Any = {"idempotency_key": payment.idempotency_key}
        sessions = self._client.v1.checkout.sessions
        session = _invoke(lambda: sessions.create(params=_session_params(payment), options=options))
        return Checkout(session_id=session.id, url=str(session.url))

    def expire_checkout(self, session_id: str) -> CheckoutOutcome:
        sessions = self._client.v1.checkout.sessions
        try:
            session = _invoke(lambda: sessions.expire(session_id))
        except ProviderRejected:
            # Only an open session can be expired: read how this one ended.
            session = _invoke(lambda: sessions.retrieve(session_id))
        outcome = _outcome(session)
        if outcome is None:
            raise ProviderUnreachable(f"the session is {session.status} and {session.payment_status}")
        return outcome

    def get_checkout(self, session_id: str) -> CheckoutOutcome | None:
        return _outcome(_invoke(lambda: self._client.v1.checkout.sessions.retrieve(session_id)))

    def refund(self, captured: CapturedPayment, key: str, payment: Payment) -> None:
        params: Any = {
            "payment_intent": captured.provider_payment,
            "amount": _to_stripe_amount(captured.amount, captured.currency),
            "metadata": {"payment_id": payment.id, "refund_key": key},
        }
        options: Any = {"idempotency_key": key}
        try:
            refund = _invoke(lambda: self._client.v1.refunds.create(params=params, options=options))
        except _AlreadyRefunded:
            return
        if refund.status in _FAILED_STATUSES:
            raise ProviderRejected(f"the refund {refund.id} is {refund.status}")

    def has_refunded(self, captured: CapturedPayment, key: str) -> bool:
        return any(status not in _FAILED_STATUSES for status in self._refund_statuses(captured, key))

    def refund_failed(self, captured: CapturedPayment, key: str) -> bool:
        statuses = list(self._refund_statuses(captured, key))
        return bool(statuses) and all(status in _FAILED_STATUSES for status in statuses)

    def _refund_statuses(self, captured: CapturedPayment, key: str) -> Iterator[str | None]:
        """The statuses of the refunds that were created under this key."""
        params: Any = {"payment_intent": captured.provider_payment, "limit": _PAGE_SIZE}
        refunds = _invoke(lambda: list(self._client.v1.refunds.list(params=params).auto_paging_iter()))
        return (
            refund.status
            for refund in refunds
            if refund.metadata and refund.metadata.to_dict().get("refund_key") == key
        )


class _AlreadyRefunded(ProviderRejected):
    """The whole amount was refunded before."""


def _outcome(session: Any) -> CheckoutOutcome | None:
    if session.payment_status == "paid":
        return CheckoutOutcome(
            CapturedPayment(str(session.payment_intent), *from_stripe_amount(session.amount_total, session.currency))
        )
    return CheckoutOutcome(None) if session.status == "expired" else None


def from_stripe_amount(amount: int | None, currency: str | None) -> tuple[int, str]:
    """Amount in ISO 4217 minor units, and the currency in upper case."""
    code = (currency or "").upper()
    return (amount or 0) // (100 if code in _HUNDREDTHS_AT_STRIPE else 1), code


def _to_stripe_amount(amount: int, currency: str) -> int:
    return amount * 100 if currency in _HUNDREDTHS_AT_STRIPE else amount


def _session_params(payment: Payment) -> Any:
    # Stripe rejects a key with different parameters: nothing here may depend on the time.
    metadata = {"payment_id": payment.id, "booking_id": payment.booking_id}
    price = {
        "currency": payment.currency.lower(),
        "unit_amount": _to_stripe_amount(payment.prices, payment.currency),
        "product_data": {"name": f"Booking {payment.booking_id}"},
    }
    return_url = f"{env.setting('PUBLIC_URL')}/v1/payments/{payment.id}"
    return {
        "mode": "payment",
        "payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},
        "line_items": [{"quantity": 1, "price_data": price}],
        "client_reference_id": payment.id,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
        "success_url": return_url,
        "cancel_url": return_url,
    }


def _invoke(call: Callable[[], R]) -> R:
    try:
        return call()
    except (stripe.InvalidRequestError, stripe.CardError) as rejection:
        error_class = _AlreadyRefunded if rejection.code == "charge_already_refunded" else ProviderRejected
        raise error_class(str(rejection)) from rejection
    except stripe.StripeError as error:
        # Connection lost, throttled, failed, or unauthenticated: the outcome is unknown.
        raise ProviderUnreachable(str(error)) from error
