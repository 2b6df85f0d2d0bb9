"""Responses of payments, except those to invalid requests."""

import hashlib
import hmac
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from local.actors import Actor, find_payment, hold_places, open_checkout, wait_for
from tests.support.faults.redeploy import redeployed
from tests.support.fixtures.answers import RecordedResponse, RecordingClient
from tests.support.fixtures.e2e_fixture import PAID, E2EFixture

UNKNOWN_ID = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"
WEBHOOK = "POST /v1/payments/webhook"


@pytest.fixture
def buyer(e2e: E2EFixture) -> Actor:
    return Actor.register(e2e.anonymous, "paula")


@pytest.fixture
def booking(e2e: E2EFixture, buyer: Actor) -> dict[str, Any]:
    """A held seat whose payment is open."""
    created = hold_places(buyer, e2e.concert["id"], {e2e.concert["types"][0]["id"]: 1})
    wait_for_payment(buyer, created)
    return created


def wait_for_payment(buyer: Actor, booking: dict[str, Any]) -> None:
    """Wait until the booking has a payment."""

    def poll() -> bool | None:
        page = buyer.client.request_json("GET", "/v1/payments?limit=100")
        return any(one["booking_id"] == booking["id"] for one in page["items"]) or None

    wait_for(poll, "the open payment")


def payment_request(booking: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"order_id": booking["id"], "price": booking["prices"]} | fields


def send_webhook(e2e: E2EFixture, send: RecordingClient, event: Any, *, secret: str | None = None) -> RecordedResponse:
    """Send a webhook signed like the provider's."""
    stored = e2e.stack.client("secretsmanager").get_secret_value(SecretId="ticketing/local/provider")
    key = secret or json.loads(stored["SecretString"])["api_key"]  # the sandbox has one secret
    content, timestamp = json.dumps(event).encode(), int(time.time())
    signature = hmac.new(key.encode(), f"{timestamp}.".encode() + content, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={timestamp},v1={signature}"}
    return send(e2e.anonymous, WEBHOOK, raw=content, headers=headers)


def payment_failed_event(payment_id: str, **fields: Any) -> dict[str, Any]:
    """The provider's event of a declined card."""
    intent = {"id": "pi_1", "object": "payment_intent", "metadata": {"payment_id": payment_id}}
    fields_of_event = {"type": "payment_intent.payment_failed", "created": 1_700_000_000, "data": {"object": intent}}
    return {"id": f"evt_{secrets.token_hex(8)}", "object": "event"} | fields_of_event | fields


def test_payment_start_is_idempotent_per_key(
    e2e: E2EFixture, buyer: Actor, booking: dict[str, Any], send: RecordingClient
) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}

    created = send(buyer.client, "POST /v1/payments", payment_request(booking), headers=key)
    other = send(buyer.client, "POST /v1/payments", payment_request(booking, price=1), headers=key)

    assert (created.outcome, other.outcome) == ((201, "done"), (422, "idempotency-key-reused"))


def test_expired_checkout_is_replaced(
    e2e: E2EFixture, buyer: Actor, booking: dict[str, Any], send: RecordingClient
) -> None:
    first = open_checkout(buyer, booking)
    stored = e2e.stack.client("secretsmanager").get_secret_value(SecretId="ticketing/local/provider")
    key = {"Authorization": f"Bearer {json.loads(stored['SecretString'])['api_key']}"}
    expired = send(e2e.anonymous, f"POST /sandbox/v1/checkout/sessions/{first.rsplit('/', 1)[1]}/expire", headers=key)

    again, same = (send(buyer.client, "POST /v1/payments", payment_request(booking)) for _ in range(2))

    assert (expired.outcome, again.outcome, same.outcome) == ((200, "done"), (201, "done"), (201, "done"))
    assert again.json["checkout_url"] == same.json["checkout_url"] != first


def test_wrong_price_or_owner_is_rejected(
    e2e: E2EFixture, buyer: Actor, booking: dict[str, Any], send: RecordingClient
) -> None:
    wrong = send(buyer.client, "POST /v1/payments", payment_request(booking, price=1))
    foreign = send(e2e.stranger.client, "POST /v1/payments", payment_request(booking))

    assert (wrong.outcome, foreign.outcome) == ((422, "price-mismatch"), (404, "order-not-found"))


def test_paid_order_is_not_paid_again(e2e: E2EFixture, send: RecordingClient) -> None:
    response = send(e2e.buyer.client, "POST /v1/payments", payment_request(e2e.booking))

    assert response.outcome == (409, "already-paid")


def test_cancelled_booking_cannot_be_paid(buyer: Actor, booking: dict[str, Any], send: RecordingClient) -> None:
    buyer.client.request_json("POST", f"/v1/bookings/{booking['id']}/cancel")

    wait_for(lambda: find_payment(buyer, booking)["status"] == "CANCELLED" or None, "the closed payment")

    assert send(buyer.client, "POST /v1/payments", payment_request(booking)).outcome == (410, "payment-closed")


def test_expired_hold_cannot_be_paid(e2e: E2EFixture, buyer: Actor, send: RecordingClient) -> None:
    short = e2e.organiser.publish_event(e2e.paid_category, "Short hold", [{"name": "Seat"} | PAID], hold_seconds=2)
    booking = hold_places(buyer, short["id"], 1)
    wait_for_payment(buyer, booking)
    ends = datetime.fromisoformat(booking["pay_before"])
    wait_for(lambda: datetime.now(UTC) >= ends or None, "the end of the hold")

    # Before and after the timer closes the payment.
    assert send(buyer.client, "POST /v1/payments", payment_request(booking)).outcome == (410, "payment-deadline-passed")
    wait_for(lambda: find_payment(buyer, booking)["status"] == "FAILED" or None, "the closed payment")
    assert send(buyer.client, "POST /v1/payments", payment_request(booking)).outcome == (410, "payment-deadline-passed")


def test_provider_rejection_makes_order_unpayable(
    e2e: E2EFixture, buyer: Actor, booking: dict[str, Any], send: RecordingClient
) -> None:
    invalid_mode = {"payment/core/providers/stripe.py": ('"mode": "payment"', '"mode": "no-such"')}

    with redeployed(e2e.stack, "payment.start_payment", invalid_mode):
        response = send(buyer.client, "POST /v1/payments", payment_request(booking))

    assert response.outcome == (409, "not-payable")


def test_unreachable_provider_is_503(
    e2e: E2EFixture, buyer: Actor, booking: dict[str, Any], send: RecordingClient
) -> None:
    unreachable = {"payment/core/providers/stripe.py": ('env.setting("PROVIDER_API")', '"http://127.0.0.1:9"')}

    with redeployed(e2e.stack, "payment.start_payment", unreachable):
        response = send(buyer.client, "POST /v1/payments", payment_request(booking))

    assert response.outcome == (503, "provider-unavailable")


def test_owner_lists_and_reads_payments(e2e: E2EFixture, send: RecordingClient) -> None:
    own = find_payment(e2e.buyer, e2e.booking)

    assert send(e2e.buyer.client, "GET /v1/payments").outcome == (200, "done")
    assert send(e2e.buyer.client, f"GET /v1/payments/{own['id']}").outcome == (200, "done")
    assert send(e2e.stranger.client, f"GET /v1/payments/{own['id']}").outcome == (404, "payment-not-found")


def test_webhook_event_id_cannot_be_reused(
    e2e: E2EFixture, buyer: Actor, booking: dict[str, Any], send: RecordingClient
) -> None:
    open_checkout(buyer, booking)
    notification = payment_failed_event(find_payment(buyer, booking)["id"])

    accepted = send_webhook(e2e, send, notification)
    other = send_webhook(e2e, send, notification | {"created": 1_700_000_001})

    assert (accepted.outcome, other.outcome) == ((200, "done"), (409, "event-id-reused"))


def test_webhook_requires_valid_signature(e2e: E2EFixture, send: RecordingClient) -> None:
    assert send_webhook(e2e, send, payment_failed_event(UNKNOWN_ID), secret="invented").outcome == (
        400,
        "invalid-signature",
    )
    assert send_webhook(e2e, send, ["no event"]).outcome == (400, "bad-request")


def test_contended_webhook_is_503(
    e2e: E2EFixture, buyer: Actor, booking: dict[str, Any], send: RecordingClient
) -> None:
    notification = payment_failed_event(find_payment(buyer, booking)["id"])

    with redeployed(
        e2e.stack, "payment.receive_webhook", {"payment/core/webhook.py": ("_MAX_ATTEMPTS = 3", "_MAX_ATTEMPTS = 0")}
    ):
        response = send_webhook(e2e, send, notification)

    assert response.outcome == (503, "provider-unavailable")
