"""Amounts to and from Stripe, in zero-decimal and two-decimal currencies and those with Stripe's own units."""

from datetime import UTC, datetime
from typing import Any

import pytest

from payment.core.model import CapturedPayment, Checkout, Payment, State
from payment.core.providers.stripe import _session_params, from_stripe_amount

MOMENT = datetime(2031, 5, 1, 9, tzinfo=UTC)


def a_payment(**fields: Any) -> Payment:
    fields_by_default = {
        "id": "p",
        "user_id": "u",
        "booking_id": "b",
        "prices": 5000,
        "currency": "EUR",
        "method": "card",
    }
    fields_by_default |= {
        "idempotency_key": "p:1",
        "status": State.PENDING,
        "pay_before": MOMENT,
        "version": 1,
        "attempt": 1,
    }
    return Payment.model_validate(fields_by_default | {"created_at": MOMENT, "updated_at": MOMENT} | fields)


@pytest.mark.parametrize(
    ("currency", "prices", "stripe_amount"),
    [("EUR", 1250, 1250), ("JPY", 1250, 1250), ("KWD", 1250, 1250), ("ISK", 1250, 125_000), ("UGX", 7, 700)],
)
def test_amounts_convert_to_stripe_units_and_back(
    currency: str, prices: int, stripe_amount: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://tickets.test")

    price = _session_params(a_payment(prices=prices, currency=currency))["line_items"][0]["price_data"]

    assert (price["unit_amount"], price["currency"]) == (stripe_amount, currency.lower())
    assert from_stripe_amount(stripe_amount, currency.lower()) == (prices, currency)


def test_session_params_depend_only_on_the_payment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://tickets.test")

    assert _session_params(a_payment()) == _session_params(
        a_payment(version=9, updated_at=datetime(2032, 1, 1, tzinfo=UTC))
    )


@pytest.mark.parametrize(
    ("captured", "covers"),
    [(("p", 5000, "EUR"), True), (("p", 4999, "EUR"), False), (("p", 5001, "EUR"), False), (("p", 5000, "USD"), False)],
)
def test_only_the_full_amount_in_its_currency_covers(captured: tuple[str, int, str], covers: bool) -> None:
    assert CapturedPayment(*captured).covers(a_payment()) is covers


@pytest.mark.parametrize(
    ("status", "over", "url"),
    [
        (State.PENDING, False, "url"),
        (State.PENDING, True, None),
        (State.SUCCEEDED, False, None),
        (State.FAILED, False, None),
    ],
)
def test_checkout_url_is_shown_only_while_payable(status: State, over: bool, url: str | None) -> None:
    checkout = Checkout(session_id="s", url="url", over=over)

    assert a_payment(status=status, checkout=checkout).checkout_url == url


def test_attempt_is_open_until_its_checkout_ends() -> None:
    closed = Checkout(session_id="s", url="u", over=True)

    assert [
        a_payment(attempt=0).has_open_attempt,
        a_payment().has_open_attempt,
        a_payment(checkout=closed).has_open_attempt,
    ] == [False, True, False]
