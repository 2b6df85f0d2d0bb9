"""Details of payment's problems: the pointer to the field, and amounts with their currency."""

from typing import Any

import pytest

from tests.support.drivers.payment_driver import Order
from tests.support.drivers.provider import ProviderNetwork, sign_webhook
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import Person, System

ORGANISER = Person("organiser")


def problem_fields(response: Any) -> dict[str, Any]:
    """The problem's extension members and its pointer."""
    members = {name: value for name, value in response.json.items() if name in ("price", "due", "left", "currency")}
    return members | {"pointer": response.json["errors"][0]["pointer"]}


def test_unknown_order_points_to_its_field(system: System, order: Order) -> None:
    response = system.http("POST /v1/payments", order.request, by=Person())

    assert problem_fields(response) == {"pointer": "/order_id"}


def test_wrong_price_names_amount_due_and_currency(system: System, order: Order) -> None:
    response = system.http("POST /v1/payments", order.request | {"price": 1}, by=order.buyer)

    assert problem_fields(response) == {"pointer": "/price", "price": 1, "due": 5000, "currency": "EUR"}
    assert response.json["detail"] == "The price given is 1, the amount due is 5000 (EUR, minor units)."


@pytest.mark.parametrize(("amount", "refundable"), [(5001, 5000), (None, 0)])
def test_excessive_refund_names_the_refundable_amount(
    system: System, order: Order, provider: ProviderNetwork, amount: int | None, refundable: int
) -> None:
    system.deliver(order.event_published(ORGANISER), "payment.on_event_changed")
    provider.pay(order.buyer, order.id, order.prices)
    call = f"POST /v1/payments/{order.payment_id}/refund"
    if amount is None:
        system.http(call, {"reason": "Rain."}, by=ORGANISER)

    response = system.http(call, {"reason": "Rain."} | ({"amount": amount} if amount else {}), by=ORGANISER)

    assert problem_fields(response) == {"pointer": "/amount", "left": refundable, "currency": "EUR"}
    assert response.json["detail"] == f"At most {refundable} (EUR, minor units) can still go back."


def test_refund_of_the_last_cent_succeeds(system: System, order: Order, provider: ProviderNetwork) -> None:
    system.deliver(order.event_published(ORGANISER), "payment.on_event_changed")
    provider.pay(order.buyer, order.id, order.prices)
    call = f"POST /v1/payments/{order.payment_id}/refund"
    system.http(call, {"reason": "Rain.", "amount": 4999}, by=ORGANISER)

    last = system.http(call, {"reason": "Rain."}, by=ORGANISER)

    assert (last.status, last.json["amount"]) == (201, 1)


def test_expired_signature_has_its_own_detail(provider: ProviderNetwork, clock: MovableClock) -> None:
    delivery = sign_webhook(b"{}")
    clock.advance(minutes=6)

    response = provider.send_webhook(delivery)

    assert (response.problem, response.json["detail"]) == ("invalid-signature", "The signature is not of this moment.")


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        ({"type": "refund.updated"}, "This is no event; fields that are wrong: 3."),
        (
            {"id": "evt_1", "type": "refund.updated", "created": 1, "data": {"object": {"id": 7}}},
            "This is no refund.updated; fields that are wrong: 1.",
        ),
    ],
)
def test_invalid_event_body_counts_its_errors(
    system: System, provider: ProviderNetwork, event: dict[str, Any], detail: str
) -> None:
    response = provider.deliver_event(event)

    assert (response.status, response.json["detail"]) == (400, detail)


def test_only_failed_payment_shows_a_reason(system: System, order: Order, provider: ProviderNetwork) -> None:
    before = system.http(f"GET /v1/payments/{order.payment_id}", by=order.buyer).json
    system.deliver(order.booking_failed("no_room"), "payment.on_booking_failed")
    after = system.http(f"GET /v1/payments/{order.payment_id}", by=order.buyer).json

    assert (before["reason"], after["status"], before["refunds"], after["refunds"]) == (None, "CANCELLED", [], [])
