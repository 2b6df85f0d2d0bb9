"""What the calls of payment answer, beside what their form brings."""

import hashlib
import hmac
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from local.people import Person, checkout, held, payment_of, until
from tests.support.answers import Asking, Reply
from tests.support.house import PAID, House
from tests.support.redeploy import redeployed

SOME = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"
WEBHOOK = "POST /v1/payments/webhook"


@pytest.fixture
def buyer(house: House) -> Person:
    return Person.registers(house.nobody, "paula")


@pytest.fixture
def booking(house: House, buyer: Person) -> dict[str, Any]:
    """One seat, whose payment is open."""
    made = held(buyer, house.concert["id"], {house.concert["types"][0]["id"]: 1})
    opened(buyer, made)
    return made


def opened(buyer: Person, booking: dict[str, Any]) -> None:
    """Wait for the payment of a booking."""

    def look() -> bool | None:
        page = buyer.client.must("GET", "/v1/payments?limit=100")
        return any(one["booking_id"] == booking["id"] for one in page["items"]) or None

    until(look, "the payment's opening")


def due(booking: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"order_id": booking["id"], "price": booking["prices"]} | fields


def noticed(house: House, ask: Asking, notice: Any, *, secret: str | None = None) -> Reply:
    """A message to the webhook, signed as the provider signs."""
    stored = house.stack.client("secretsmanager").get_secret_value(SecretId="ticketing/local/provider")
    key = secret or json.loads(stored["SecretString"])["api_key"]  # the sandbox has one secret
    content, moment = json.dumps(notice).encode(), int(time.time())
    signed = hmac.new(key.encode(), f"{moment}.".encode() + content, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={moment},v1={signed}"}
    return ask(house.nobody, WEBHOOK, raw=content, headers=headers)


def declined(payment_id: str, **fields: Any) -> dict[str, Any]:
    """What the provider says when a card was not taken."""
    intent = {"id": "pi_1", "object": "payment_intent", "metadata": {"payment_id": payment_id}}
    told = {"type": "payment_intent.payment_failed", "created": 1_700_000_000, "data": {"object": intent}}
    return {"id": f"evt_{secrets.token_hex(8)}", "object": "event"} | told | fields


def test_a_payment_is_started_once_per_key(house: House, buyer: Person, booking: dict[str, Any], ask: Asking) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}

    made = ask(buyer.client, "POST /v1/payments", due(booking), headers=key)
    other = ask(buyer.client, "POST /v1/payments", due(booking, price=1), headers=key)

    assert (made.told, other.told) == ((201, "done"), (422, "key-reused"))


def test_a_page_that_the_provider_has_ended_is_replaced(
    house: House, buyer: Person, booking: dict[str, Any], ask: Asking
) -> None:
    first = checkout(buyer, booking)
    stored = house.stack.client("secretsmanager").get_secret_value(SecretId="ticketing/local/provider")
    key = {"Authorization": f"Bearer {json.loads(stored['SecretString'])['api_key']}"}
    over = ask(house.nobody, f"POST /sandbox/v1/checkout/sessions/{first.rsplit('/', 1)[1]}/expire", headers=key)

    again, same = (ask(buyer.client, "POST /v1/payments", due(booking)) for _ in range(2))

    assert (over.told, again.told, same.told) == ((200, "done"), (201, "done"), (201, "done"))
    assert again.json["checkout_url"] == same.json["checkout_url"] != first


def test_what_is_not_due_is_not_taken(house: House, buyer: Person, booking: dict[str, Any], ask: Asking) -> None:
    wrong = ask(buyer.client, "POST /v1/payments", due(booking, price=1))
    foreign = ask(house.stranger.client, "POST /v1/payments", due(booking))

    assert (wrong.told, foreign.told) == ((422, "price-mismatch"), (404, "order-unknown"))


def test_what_is_paid_is_not_paid_again(house: House, ask: Asking) -> None:
    answer = ask(house.buyer.client, "POST /v1/payments", due(house.booking))

    assert answer.told == (409, "already-paid")


def test_a_cancelled_order_is_not_paid(buyer: Person, booking: dict[str, Any], ask: Asking) -> None:
    buyer.client.must("POST", f"/v1/bookings/{booking['id']}/cancel")

    until(lambda: payment_of(buyer, booking)["status"] == "CANCELLED" or None, "the payment's end")

    assert ask(buyer.client, "POST /v1/payments", due(booking)).told == (410, "payment-closed")


def test_what_is_no_longer_held_is_not_paid(house: House, buyer: Person, ask: Asking) -> None:
    short = house.organiser.publishes(house.paid, "Short hold", [{"name": "Seat"} | PAID], hold_seconds=2)
    booking = held(buyer, short["id"], 1)
    opened(buyer, booking)
    ends = datetime.fromisoformat(booking["pay_before"])
    until(lambda: datetime.now(UTC) >= ends or None, "the end of the hold")

    # Before the timer has closed the payment, and after it.
    assert ask(buyer.client, "POST /v1/payments", due(booking)).told == (410, "hold-over")
    until(lambda: payment_of(buyer, booking)["status"] == "FAILED" or None, "the payment's end")
    assert ask(buyer.client, "POST /v1/payments", due(booking)).told == (410, "hold-over")


def test_what_the_provider_refuses_for_good_cannot_be_paid(
    house: House, buyer: Person, booking: dict[str, Any], ask: Asking
) -> None:
    odd = {"payment/core/stripe_provider.py": ('"mode": "payment"', '"mode": "no-such"')}

    with redeployed(house.stack, "payment.start_payment", odd):
        answer = ask(buyer.client, "POST /v1/payments", due(booking))

    assert answer.told == (409, "not-payable")


def test_without_the_provider_nothing_is_started(
    house: House, buyer: Person, booking: dict[str, Any], ask: Asking
) -> None:
    away = {"payment/core/stripe_provider.py": ('env.setting("PROVIDER_API")', '"http://127.0.0.1:9"')}

    with redeployed(house.stack, "payment.start_payment", away):
        answer = ask(buyer.client, "POST /v1/payments", due(booking))

    assert answer.told == (503, "provider-unavailable")


def test_ones_own_payments_are_listed_and_shown(house: House, ask: Asking) -> None:
    mine = payment_of(house.buyer, house.booking)

    assert ask(house.buyer.client, "GET /v1/payments").told == (200, "done")
    assert ask(house.buyer.client, f"GET /v1/payments/{mine['id']}").told == (200, "done")
    assert ask(house.stranger.client, f"GET /v1/payments/{mine['id']}").told == (404, "payment-unknown")


def test_the_provider_is_believed_once_per_message(
    house: House, buyer: Person, booking: dict[str, Any], ask: Asking
) -> None:
    checkout(buyer, booking)
    notice = declined(payment_of(buyer, booking)["id"])

    taken = noticed(house, ask, notice)
    other = noticed(house, ask, notice | {"created": 1_700_000_001})

    assert (taken.told, other.told) == ((200, "done"), (409, "event-id-reused"))


def test_nobody_else_is_believed(house: House, ask: Asking) -> None:
    assert noticed(house, ask, declined(SOME), secret="invented").told == (400, "bad-signature")
    assert noticed(house, ask, ["no event"]).told == (400, "malformed")


def test_the_provider_is_asked_to_come_again(house: House, buyer: Person, booking: dict[str, Any], ask: Asking) -> None:
    notice = declined(payment_of(buyer, booking)["id"])

    with redeployed(house.stack, "payment.receive_webhook", {"payment/core/intake.py": ("_TRIES = 3", "_TRIES = 0")}):
        answer = noticed(house, ask, notice)

    assert answer.told == (503, "provider-unavailable")
