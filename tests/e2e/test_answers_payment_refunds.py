"""Responses of refunds and receipts."""

import json
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.actors import Actor, choose_outcome, find_payment, hold_places, open_checkout, wait_for, wait_for_booking
from local.tables import scan_tables
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

REASON = {"reason": "The bar was shut."}
UNKNOWN_ID = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"


@pytest.fixture
def buyer(e2e: E2EFixture) -> Actor:
    return Actor.register(e2e.anonymous, "rita")


@pytest.fixture
def booking(e2e: E2EFixture, buyer: Actor) -> dict[str, Any]:
    """A hold of two seats."""
    return hold_places(buyer, e2e.concert["id"], {e2e.concert["types"][0]["id"]: 2})


@pytest.fixture
def payment(buyer: Actor, booking: dict[str, Any]) -> dict[str, Any]:
    """A successful payment of 50.00 EUR."""
    choose_outcome(open_checkout(buyer, booking), "paid")
    wait_for_booking(buyer, booking, "CONFIRMED")
    return find_payment(buyer, booking)


def refunded_amount(e2e: E2EFixture, payment_id: str) -> int:
    """The amount that the provider has refunded."""
    checkouts = [
        one for one in scan_tables(e2e.stack, "sandbox")["sandbox"] if one.get("client_reference_id") == payment_id
    ]
    return sum(int(one.get("amount_refunded", 0)) for one in checkouts)


def wait_for_payment(buyer: Actor, payment: dict[str, Any], status: str) -> dict[str, Any]:
    """Wait until the payment has this status and no pending refund, and return it."""

    def poll() -> dict[str, Any] | None:
        current: dict[str, Any] = buyer.client.request_json("GET", f"/v1/payments/{payment['id']}")
        pending = any(one["status"] == "PENDING" for one in current["refunds"])
        return current if current["status"] == status and not pending else None

    return wait_for(poll, f"payment {status.lower()}")


def test_bounced_refund_is_not_counted(e2e: E2EFixture, buyer: Actor, booking: dict[str, Any]) -> None:
    page = open_checkout(buyer, booking)
    choose_outcome(page, "paid")
    wait_for_booking(buyer, booking, "CONFIRMED")
    paid = find_payment(buyer, booking)
    e2e.organiser.client.request_json("POST", f"/v1/payments/{paid['id']}/refund", REASON | {"amount": 700})
    wait_for_refunded(buyer, booking, 700)

    choose_outcome(page, "bounced")

    wait_for_refunded(buyer, booking, 0)
    assert wait_for_payment(buyer, paid, "SUCCEEDED")["refunded"] == 0


def wait_for_refunded(buyer: Actor, booking: dict[str, Any], amount: int) -> None:
    """Wait until the booking shows this refunded amount."""
    call = f"/v1/bookings/{booking['id']}"
    wait_for(lambda: buyer.client.request_json("GET", call)["refunded"] == amount or None, f"{amount} refunded")


def test_partial_refund_is_idempotent_and_on_the_receipt(
    e2e: E2EFixture, buyer: Actor, payment: dict[str, Any], send: RecordingClient
) -> None:
    organiser, call = e2e.organiser.client, f"POST /v1/payments/{payment['id']}/refund"
    key = {"Idempotency-Key": secrets.token_hex(8)}

    created = send(organiser, call, REASON | {"amount": 1200}, headers=key)
    again = send(organiser, call, REASON | {"amount": 1200}, headers=key)
    other = send(organiser, call, REASON | {"amount": 1201}, headers=key)
    excessive = send(organiser, call, REASON | {"amount": 3801})
    after = wait_for_payment(buyer, payment, "SUCCEEDED")
    receipt = send(buyer.client, f"GET /v1/payments/{payment['id']}/receipt")

    assert (created.outcome, again.outcome, again.headers["Idempotency-Replayed"]) == (
        (201, "done"),
        (201, "done"),
        "true",
    )
    assert (other.outcome, excessive.outcome) == ((422, "idempotency-key-reused"), (409, "refund-exceeds-payment"))
    assert (excessive.json["left"], after["refunded"]) == (3800, 1200)
    assert [(one["id"], one["status"]) for one in after["refunds"]] == [(created.json["id"], "SUCCEEDED")]
    assert (receipt.outcome, receipt.json["total"], receipt.json["net"]) == ((200, "done"), 5000, 3800)
    assert [(one["name"], one["sum"]) for one in receipt.json["items"]] == [("Seat", 5000)]


def test_concurrent_refunds_never_exceed_the_payment(
    e2e: E2EFixture, buyer: Actor, payment: dict[str, Any], send: RecordingClient
) -> None:
    def refund(_: int) -> str:
        response = send(e2e.organiser.client, f"POST /v1/payments/{payment['id']}/refund", REASON | {"amount": 1000})
        return response.outcome[1]

    with ThreadPoolExecutor(max_workers=8) as pool:
        outcomes = Counter(pool.map(refund, range(8)))

    after = wait_for_payment(buyer, payment, "REFUNDED")
    assert outcomes == {"done": 5, "refund-exceeds-payment": 3}
    assert [one["amount"] for one in after["refunds"]] == [1000] * 5
    assert (after["refunded"], refunded_amount(e2e, payment["id"])) == (5000, 5000)


def test_concurrent_retries_refund_once(
    e2e: E2EFixture, buyer: Actor, payment: dict[str, Any], send: RecordingClient
) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}

    def refund(_: int) -> tuple[int, str]:
        response = send(e2e.organiser.client, f"POST /v1/payments/{payment['id']}/refund", REASON, headers=key)
        return response.outcome[0], response.json["id"]

    with ThreadPoolExecutor(max_workers=8) as pool:
        outcomes = set(pool.map(refund, range(8)))

    after = wait_for_payment(buyer, payment, "REFUNDED")
    assert outcomes == {(201, after["refunds"][0]["id"])}
    assert ([one["amount"] for one in after["refunds"]], refunded_amount(e2e, payment["id"])) == ([5000], 5000)


def test_concurrent_starts_share_one_checkout(
    e2e: E2EFixture, buyer: Actor, booking: dict[str, Any], send: RecordingClient
) -> None:
    first = open_checkout(buyer, booking)
    expire_session(e2e, first, send)
    payment_request = {"order_id": booking["id"], "price": booking["prices"]}

    with ThreadPoolExecutor(max_workers=6) as pool:
        responses = list(pool.map(lambda _: send(buyer.client, "POST /v1/payments", payment_request), range(6)))

    pages = {one.json["checkout_url"] for one in responses}
    assert ({one.outcome for one in responses}, len(pages - {first})) == ({(201, "done")}, 1)
    choose_outcome(pages.pop(), "paid")
    wait_for_booking(buyer, booking, "CONFIRMED")


def expire_session(e2e: E2EFixture, page: str, send: RecordingClient) -> None:
    stored = e2e.stack.client("secretsmanager").get_secret_value(SecretId="ticketing/local/provider")
    key = {"Authorization": f"Bearer {json.loads(stored['SecretString'])['api_key']}"}
    call = f"POST /sandbox/v1/checkout/sessions/{page.rsplit('/', 1)[1]}/expire"
    assert send(e2e.anonymous, call, headers=key).outcome == (200, "done")


def test_rejected_refund_fails_and_can_be_retried(
    e2e: E2EFixture, buyer: Actor, booking: dict[str, Any], send: RecordingClient
) -> None:
    choose_outcome(open_checkout(buyer, booking), "paid_refusing")
    wait_for_booking(buyer, booking, "CONFIRMED")
    payment = find_payment(buyer, booking)
    call = f"POST /v1/payments/{payment['id']}/refund"

    first = send(e2e.organiser.client, call, REASON | {"amount": 2000})
    failed = wait_for_payment(buyer, payment, "SUCCEEDED")
    second = send(e2e.organiser.client, call, REASON | {"amount": 2000})
    retried = wait_for_payment(buyer, payment, "SUCCEEDED")

    assert (first.outcome, second.outcome) == ((201, "done"), (201, "done"))
    assert ([one["status"] for one in failed["refunds"]], failed["refunded"]) == (["FAILED"], 0)
    assert [one["status"] for one in retried["refunds"]] == ["FAILED", "SUCCEEDED"]
    assert (retried["refunded"], refunded_amount(e2e, payment["id"])) == (2000, 2000)


def test_unpaid_payment_cannot_be_refunded(
    e2e: E2EFixture, buyer: Actor, booking: dict[str, Any], send: RecordingClient
) -> None:
    open_checkout(buyer, booking)
    payment = f"/v1/payments/{find_payment(buyer, booking)['id']}"

    assert send(e2e.organiser.client, f"POST {payment}/refund", REASON).outcome == (409, "nothing-to-refund")
    assert send(buyer.client, f"GET {payment}/receipt").outcome == (409, "not-paid")


def test_number_of_refunds_is_limited(
    e2e: E2EFixture, buyer: Actor, payment: dict[str, Any], send: RecordingClient
) -> None:
    failed_refund = {
        "id": UNKNOWN_ID,
        "amount": 1,
        "reason": "so",
        "by": "me",
        "status": "FAILED",
        "requested_at": payment["paid_at"],
    }

    with e2e.altered("payments", payment["id"], "payment", refunds=[failed_refund] * 50):
        response = send(e2e.organiser.client, f"POST /v1/payments/{payment['id']}/refund", REASON)

    assert response.outcome == (409, "too-many-refunds")


def test_unknown_payment_has_no_refund_or_receipt(e2e: E2EFixture, send: RecordingClient) -> None:
    refund = send(e2e.organiser.client, f"POST /v1/payments/{UNKNOWN_ID}/refund", REASON)
    receipt = send(e2e.organiser.client, f"GET /v1/payments/{UNKNOWN_ID}/receipt")

    assert (refund.outcome, receipt.outcome) == ((404, "payment-not-found"), (404, "payment-not-found"))
