"""Stripe as the payment provider: hosted Checkout sessions, by card, and refunds.

https://docs.stripe.com/api/checkout/sessions and https://docs.stripe.com/api/refunds. The base address
is the stage's, so that the sandbox can stand in for it.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import stripe

from common import env
from payment.core.model import Checkout, Payment
from payment.core.provider import Closed, Declined, Money, Unreachable

R = TypeVar("R")

_TIMEOUT = (1, 5)  # seconds to connect and to answer: within our functions' own time-outs
_RETRIES = 1
_PAGE = 100  # the most that a list gives at once
# Without decimals in ISO 4217, but counted in hundredths by Stripe: https://docs.stripe.com/currencies
_HUNDREDTHS = {"ISK", "UGX"}
_UNDONE = ("failed", "canceled")  # refunds that are none

stripe.enable_telemetry = False


class StripeProvider:
    """The adapter; `http` replaces the transport beneath the SDK."""

    def __init__(self, http: stripe.HTTPClient | None = None) -> None:
        self._client = stripe.StripeClient(
            json.loads(env.secret("provider"))["api_key"],
            base_addresses={"api": env.setting("PROVIDER_API")},
            http_client=http or stripe.RequestsClient(timeout=_TIMEOUT),
            max_network_retries=_RETRIES,
        )

    def open(self, payment: Payment) -> Checkout:
        options: Any = {"idempotency_key": payment.idempotency_key}
        sessions = self._client.v1.checkout.sessions
        session = _answer(lambda: sessions.create(params=_checkout(payment), options=options))
        return Checkout(session_id=session.id, url=str(session.url))

    def close(self, session_id: str) -> Closed:
        sessions = self._client.v1.checkout.sessions
        try:
            session = _answer(lambda: sessions.expire(session_id))
        except Declined:
            # Only an open session can be expired: what has become of this one?
            session = _answer(lambda: sessions.retrieve(session_id))
        ended = _ended(session)
        if ended is None:
            raise Unreachable(f"the session is {session.status} and {session.payment_status}")
        return ended

    def look(self, session_id: str) -> Closed | None:
        return _ended(_answer(lambda: self._client.v1.checkout.sessions.retrieve(session_id)))

    def refund(self, money: Money, key: str, payment: Payment) -> None:
        params: Any = {
            "payment_intent": money.provider_payment,
            "amount": _counted(money.amount, money.currency),
            "metadata": {"payment_id": payment.id, "refund_key": key},
        }
        options: Any = {"idempotency_key": key}
        try:
            refund = _answer(lambda: self._client.v1.refunds.create(params=params, options=options))
        except _AlreadyRefunded:
            return
        if refund.status in _UNDONE:
            raise Declined(f"the refund {refund.id} is {refund.status}")

    def has_refunded(self, money: Money, key: str) -> bool:
        return any(status not in _UNDONE for status in self._refunds(money, key))

    def refund_failed(self, money: Money, key: str) -> bool:
        made = list(self._refunds(money, key))
        return bool(made) and all(status in _UNDONE for status in made)

    def _refunds(self, money: Money, key: str) -> Iterator[str | None]:
        """The states of the refunds that were made under this key."""
        asked: Any = {"payment_intent": money.provider_payment, "limit": _PAGE}
        made = _answer(lambda: list(self._client.v1.refunds.list(params=asked).auto_paging_iter()))  # also later pages
        return (one.status for one in made if one.metadata and one.metadata.to_dict().get("refund_key") == key)


class _AlreadyRefunded(Declined):
    """All of the money went back before."""


def _ended(session: Any) -> Closed | None:
    if session.payment_status == "paid":
        return Closed(Money(str(session.payment_intent), *received(session.amount_total, session.currency)))
    return Closed(None) if session.status == "expired" else None


def received(amount: int | None, currency: str | None) -> tuple[int, str]:
    """Amount and currency as we count them."""
    code = (currency or "").upper()
    return (amount or 0) // (100 if code in _HUNDREDTHS else 1), code


def _counted(amount: int, currency: str) -> int:
    return amount * 100 if currency in _HUNDREDTHS else amount


def _checkout(payment: Payment) -> Any:
    # Equal for equal keys, or the provider refuses the key: nothing here may depend on the moment.
    metadata = {"payment_id": payment.id, "booking_id": payment.booking_id}
    price = {
        "currency": payment.currency.lower(),
        "unit_amount": _counted(payment.prices, payment.currency),
        "product_data": {"name": f"Booking {payment.booking_id}"},
    }
    back = f"{env.setting('PUBLIC_URL')}/v1/payments/{payment.id}"
    return {
        "mode": "payment",
        "payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},
        "line_items": [{"quantity": 1, "price_data": price}],
        "client_reference_id": payment.id,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
        "success_url": back,
        "cancel_url": back,
    }


def _answer(call: Callable[[], R]) -> R:
    try:
        return call()
    except (stripe.InvalidRequestError, stripe.CardError) as no:
        kind = _AlreadyRefunded if no.code == "charge_already_refunded" else Declined
        raise kind(str(no)) from no
    except stripe.StripeError as none:
        # Lost, throttled, broken, or refused for who we are: nothing is known about the matter itself.
        raise Unreachable(str(none)) from none
