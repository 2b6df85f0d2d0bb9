"""Amounts on the way to the provider and back: whole, two-decimal, and those that Stripe counts its own way."""

from datetime import UTC, datetime
from typing import Any

import pytest

from payment.core.model import Checkout, Payment, State
from payment.core.provider import Money
from payment.core.stripe_provider import _checkout, received

MOMENT = datetime(2031, 5, 1, 9, tzinfo=UTC)


def a_payment(**fields: Any) -> Payment:
    known = {"id": "p", "user_id": "u", "booking_id": "b", "prices": 5000, "currency": "EUR", "method": "card"}
    known |= {"idempotency_key": "p:1", "status": State.PENDING, "pay_before": MOMENT, "version": 1, "attempt": 1}
    return Payment.model_validate(known | {"created_at": MOMENT, "updated_at": MOMENT} | fields)


@pytest.mark.parametrize(
    ("currency", "prices", "counted"),
    [("EUR", 1250, 1250), ("JPY", 1250, 1250), ("KWD", 1250, 1250), ("ISK", 1250, 125_000), ("UGX", 7, 700)],
)
def test_an_amount_goes_out_as_the_provider_counts_it_and_comes_back_as_we_do(
    currency: str, prices: int, counted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://tickets.test")

    price = _checkout(a_payment(prices=prices, currency=currency))["line_items"][0]["price_data"]

    assert (price["unit_amount"], price["currency"]) == (counted, currency.lower())
    assert received(counted, currency.lower()) == (prices, currency)


def test_a_checkout_depends_on_nothing_but_the_payment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://tickets.test")

    assert _checkout(a_payment()) == _checkout(a_payment(version=9, updated_at=datetime(2032, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("money", "covers"),
    [(("p", 5000, "EUR"), True), (("p", 4999, "EUR"), False), (("p", 5001, "EUR"), False), (("p", 5000, "USD"), False)],
)
def test_only_the_whole_amount_in_its_currency_covers(money: tuple[str, int, str], covers: bool) -> None:
    assert Money(*money).covers(a_payment()) is covers


@pytest.mark.parametrize(
    ("status", "over", "page"),
    [
        (State.PENDING, False, "url"),
        (State.PENDING, True, None),
        (State.SUCCEEDED, False, None),
        (State.FAILED, False, None),
    ],
)
def test_a_page_is_shown_only_while_it_can_be_paid_on(status: State, over: bool, page: str | None) -> None:
    checkout = Checkout(session_id="s", url="url", over=over)

    assert a_payment(status=status, checkout=checkout).page == page


def test_a_checkout_is_begun_from_its_attempt_until_the_provider_closes_it() -> None:
    closed = Checkout(session_id="s", url="u", over=True)

    assert [a_payment(attempt=0).begun, a_payment().begun, a_payment(checkout=closed).begun] == [False, True, False]
