"""What the organiser's refunds and the receipts of payments answer."""

import json
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.people import Person, checkout, choose, held, payment_of, settled, until
from local.tables import items
from tests.support.answers import Asking
from tests.support.house import House

REASON = {"reason": "The bar was shut."}
SOME = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"


@pytest.fixture
def buyer(house: House) -> Person:
    return Person.registers(house.nobody, "rita")


@pytest.fixture
def booking(house: House, buyer: Person) -> dict[str, Any]:
    """Two seats, which are not paid yet."""
    return held(buyer, house.concert["id"], {house.concert["types"][0]["id"]: 2})


@pytest.fixture
def payment(buyer: Person, booking: dict[str, Any]) -> dict[str, Any]:
    """Of 50.00 EUR, which were paid."""
    choose(checkout(buyer, booking), "paid")
    settled(buyer, booking, "CONFIRMED")
    return payment_of(buyer, booking)


def sent_back(house: House, payment_id: str) -> int:
    """What the provider has sent back of it."""
    ours = [one for one in items(house.stack, "sandbox")["sandbox"] if one.get("client_reference_id") == payment_id]
    return sum(int(one.get("amount_refunded", 0)) for one in ours)


def ended(buyer: Person, payment: dict[str, Any], status: str) -> dict[str, Any]:
    """The payment once every refund has gone and it has come to that state."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = buyer.client.must("GET", f"/v1/payments/{payment['id']}")
        waiting = any(one["status"] == "PENDING" for one in found["refunds"])
        return found if found["status"] == status and not waiting else None

    return until(look, f"payment {status.lower()}")


def test_what_the_provider_cannot_send_after_all_is_shown_as_not_sent(
    house: House, buyer: Person, booking: dict[str, Any]
) -> None:
    page = checkout(buyer, booking)
    choose(page, "paid")
    settled(buyer, booking, "CONFIRMED")
    paid = payment_of(buyer, booking)
    house.organiser.client.must("POST", f"/v1/payments/{paid['id']}/refund", REASON | {"amount": 700})
    shown(buyer, booking, 700)

    choose(page, "bounced")

    shown(buyer, booking, 0)
    assert ended(buyer, paid, "SUCCEEDED")["refunded"] == 0


def shown(buyer: Person, booking: dict[str, Any], back: int) -> None:
    """Wait until the booking shows that so much has gone back."""
    call = f"/v1/bookings/{booking['id']}"
    until(lambda: buyer.client.must("GET", call)["refunded"] == back or None, f"{back} sent back")


def test_a_part_goes_back_once_per_key_and_stands_on_the_receipt(
    house: House, buyer: Person, payment: dict[str, Any], ask: Asking
) -> None:
    boss, call = house.organiser.client, f"POST /v1/payments/{payment['id']}/refund"
    key = {"Idempotency-Key": secrets.token_hex(8)}

    made = ask(boss, call, REASON | {"amount": 1200}, headers=key)
    again = ask(boss, call, REASON | {"amount": 1200}, headers=key)
    other = ask(boss, call, REASON | {"amount": 1201}, headers=key)
    much = ask(boss, call, REASON | {"amount": 3801})
    after = ended(buyer, payment, "SUCCEEDED")
    receipt = ask(buyer.client, f"GET /v1/payments/{payment['id']}/receipt")

    assert (made.told, again.told, again.headers["Idempotency-Replayed"]) == ((201, "done"), (201, "done"), "true")
    assert (other.told, much.told) == ((422, "key-reused"), (409, "refund-exceeds-payment"))
    assert (much.json["left"], after["refunded"]) == (3800, 1200)
    assert [(one["id"], one["status"]) for one in after["refunds"]] == [(made.json["id"], "SUCCEEDED")]
    assert (receipt.told, receipt.json["total"], receipt.json["net"]) == ((200, "done"), 5000, 3800)
    assert [(one["name"], one["sum"]) for one in receipt.json["items"]] == [("Seat", 5000)]


def test_many_at_once_give_back_no_more_than_was_paid(
    house: House, buyer: Person, payment: dict[str, Any], ask: Asking
) -> None:
    def refund(_: int) -> str:
        answer = ask(house.organiser.client, f"POST /v1/payments/{payment['id']}/refund", REASON | {"amount": 1000})
        return answer.told[1]

    with ThreadPoolExecutor(max_workers=8) as pool:
        told = Counter(pool.map(refund, range(8)))

    after = ended(buyer, payment, "REFUNDED")
    assert told == {"done": 5, "refund-exceeds-payment": 3}
    assert [one["amount"] for one in after["refunds"]] == [1000] * 5
    assert (after["refunded"], sent_back(house, payment["id"])) == (5000, 5000)


def test_one_request_sent_many_times_at_once_gives_back_once(
    house: House, buyer: Person, payment: dict[str, Any], ask: Asking
) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}

    def refund(_: int) -> tuple[int, str]:
        answer = ask(house.organiser.client, f"POST /v1/payments/{payment['id']}/refund", REASON, headers=key)
        return answer.told[0], answer.json["id"]

    with ThreadPoolExecutor(max_workers=8) as pool:
        told = set(pool.map(refund, range(8)))

    after = ended(buyer, payment, "REFUNDED")
    assert told == {(201, after["refunds"][0]["id"])}
    assert ([one["amount"] for one in after["refunds"]], sent_back(house, payment["id"])) == ([5000], 5000)


def test_many_tabs_that_start_again_at_once_get_one_page(
    house: House, buyer: Person, booking: dict[str, Any], ask: Asking
) -> None:
    first = checkout(buyer, booking)
    end_at_provider(house, first, ask)
    wanted = {"order_id": booking["id"], "price": booking["prices"]}

    with ThreadPoolExecutor(max_workers=6) as pool:
        answers = list(pool.map(lambda _: ask(buyer.client, "POST /v1/payments", wanted), range(6)))

    pages = {one.json["checkout_url"] for one in answers}
    assert ({one.told for one in answers}, len(pages - {first})) == ({(201, "done")}, 1)
    choose(pages.pop(), "paid")
    settled(buyer, booking, "CONFIRMED")


def end_at_provider(house: House, page: str, ask: Asking) -> None:
    stored = house.stack.client("secretsmanager").get_secret_value(SecretId="ticketing/local/provider")
    key = {"Authorization": f"Bearer {json.loads(stored['SecretString'])['api_key']}"}
    call = f"POST /sandbox/v1/checkout/sessions/{page.rsplit('/', 1)[1]}/expire"
    assert ask(house.nobody, call, headers=key).told == (200, "done")


def test_a_refund_that_the_provider_refuses_is_shown_as_failed_and_can_be_asked_for_again(
    house: House, buyer: Person, booking: dict[str, Any], ask: Asking
) -> None:
    choose(checkout(buyer, booking), "paid_refusing")
    settled(buyer, booking, "CONFIRMED")
    payment = payment_of(buyer, booking)
    call = f"POST /v1/payments/{payment['id']}/refund"

    first = ask(house.organiser.client, call, REASON | {"amount": 2000})
    failed = ended(buyer, payment, "SUCCEEDED")
    second = ask(house.organiser.client, call, REASON | {"amount": 2000})
    sent = ended(buyer, payment, "SUCCEEDED")

    assert (first.told, second.told) == ((201, "done"), (201, "done"))
    assert ([one["status"] for one in failed["refunds"]], failed["refunded"]) == (["FAILED"], 0)
    assert [one["status"] for one in sent["refunds"]] == ["FAILED", "SUCCEEDED"]
    assert (sent["refunded"], sent_back(house, payment["id"])) == (2000, 2000)


def test_what_was_not_received_does_not_go_back(
    house: House, buyer: Person, booking: dict[str, Any], ask: Asking
) -> None:
    checkout(buyer, booking)
    payment = f"/v1/payments/{payment_of(buyer, booking)['id']}"

    assert ask(house.organiser.client, f"POST {payment}/refund", REASON).told == (409, "not-refundable")
    assert ask(buyer.client, f"GET {payment}/receipt").told == (409, "not-paid")


def test_a_payment_that_had_very_many_refunds_gets_no_more(
    house: House, buyer: Person, payment: dict[str, Any], ask: Asking
) -> None:
    one = {"id": SOME, "amount": 1, "reason": "so", "by": "me", "status": "FAILED", "requested_at": payment["paid_at"]}

    with house.altered("payments", payment["id"], "payment", refunds=[one] * 50):
        answer = ask(house.organiser.client, f"POST /v1/payments/{payment['id']}/refund", REASON)

    assert answer.told == (409, "too-many-refunds")


def test_a_payment_that_is_not_there_has_neither(house: House, ask: Asking) -> None:
    refund = ask(house.organiser.client, f"POST /v1/payments/{SOME}/refund", REASON)
    receipt = ask(house.organiser.client, f"GET /v1/payments/{SOME}/receipt")

    assert (refund.told, receipt.told) == ((404, "payment-unknown"), (404, "payment-unknown"))
