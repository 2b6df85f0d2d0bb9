"""Receipts: every amount of the total, and who may see them."""

from typing import Any

import pytest

from infra import topology
from tests.support.drivers.payment_driver import Order
from tests.support.drivers.provider import ProviderNetwork
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import HttpResponse, Person, System

ORGANISER, ON_EVENT_CHANGED = Person("organiser"), "payment.on_event_changed"


def paid_order(system: System, provider: ProviderNetwork, **fields: Any) -> Order:
    """A paid order for an event of ORGANISER's."""
    order = Order(**fields)
    system.deliver(order.event_published(ORGANISER), ON_EVENT_CHANGED)
    system.deliver(order.booking_ordered(), "payment.on_booking_ordered")
    if order.prices:
        provider.pay(order.buyer, order.id, order.prices)
    return order


def receipt(system: System, order: Order, by: Person | None = None) -> HttpResponse:
    return system.http(f"GET /v1/payments/{order.payment_id}/receipt", by=by or order.buyer)


def refund(system: System, order: Order, amount: int, reason: str) -> None:
    request = {"amount": amount, "reason": reason}
    assert system.http(f"POST /v1/payments/{order.payment_id}/refund", request, by=ORGANISER).status == 201


def test_receipt_lists_every_amount_of_the_total(system: System, provider: ProviderNetwork) -> None:
    order = paid_order(system, provider)

    response = receipt(system, order)

    assert response.status == 200
    assert response.json == {
        "number": f"R-20310501-{order.payment_id.replace('-', '')[:12].upper()}",
        "payment_id": order.payment_id,
        "booking_id": order.id,
        "event_id": order.event_id,
        "event_name": "Gala",
        "items": [{"event_type_id": "seats", "name": "Seat", "qty": 2, "unit_price": 2500, "sum": 5000}],
        "total": 5000,
        "currency": "EUR",
        "decimals": 2,
        "method": "card",
        "paid_at": "2031-05-01T09:00:00Z",
        "refunds": [],
        "refunded": 0,
        "net": 5000,
    }


def test_receipt_lists_only_succeeded_refunds(system: System, provider: ProviderNetwork, clock: MovableClock) -> None:
    order = paid_order(system, provider)
    provider.error_responses.append(("/refunds", {"code": "balance_insufficient"}))
    for amount, reason in ((700, "Refused."), (1000, "The bar was shut."), (500, "So was the cloakroom.")):
        clock.advance(minutes=1)
        refund(system, order, amount, reason)
        order.deliver_refunds(system)
    refund(system, order, 100, "Under way.")

    body = receipt(system, order).json

    assert [(one["amount"], one["reason"], one["refunded_at"]) for one in body["refunds"]] == [
        (1000, "The bar was shut.", "2031-05-01T09:02:00Z"),
        (500, "So was the cloakroom.", "2031-05-01T09:03:00Z"),
    ]
    assert (body["total"], body["refunded"], body["net"]) == (5000, 1500, 3500)


@pytest.mark.parametrize(("currency", "decimals"), [("JPY", 0), ("ISK", 0), ("EUR", 2), ("KWD", 3), ("TND", 3)])
def test_receipt_names_the_currency_decimals(
    system: System, provider: ProviderNetwork, currency: str, decimals: int
) -> None:
    body = receipt(system, paid_order(system, provider, currency=currency)).json

    assert (body["currency"], body["decimals"], body["total"]) == (currency, decimals, 5000)
    assert sum(one["sum"] for one in body["items"]) == body["total"]


def test_free_booking_has_a_zero_receipt(system: System, provider: ProviderNetwork) -> None:
    body = receipt(system, paid_order(system, provider, prices=0)).json

    assert (body["method"], body["total"], body["net"]) == ("free", 0, 0)


def test_receipt_works_without_the_event_copy(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.pay(order.buyer, order.id, order.prices)

    body = receipt(system, order).json

    assert (body["event_name"], body["items"][0]["name"], body["total"]) == (None, None, 5000)


@pytest.mark.parametrize("state", ["open", "cancelled"])
def test_unpaid_payment_has_no_receipt(system: System, order: Order, state: str) -> None:
    if state == "cancelled":
        system.deliver(order.booking_cancelled(), "payment.on_booking_cancelled")

    response = receipt(system, order)

    assert (response.status, response.problem) == (409, "not-paid")


def test_only_buyer_organiser_and_admin_see_the_receipt(system: System, provider: ProviderNetwork) -> None:
    order = paid_order(system, provider)

    statuses = [receipt(system, order, by).status for by in (ORGANISER, Person("admin"), Person("organiser"), Person())]

    assert statuses == [200, 200, 404, 404]


def test_receipt_writes_nothing(system: System, provider: ProviderNetwork) -> None:
    order = paid_order(system, provider)
    before = system.scan(topology.PAYMENTS)

    receipt(system, order)

    assert system.scan(topology.PAYMENTS) == before
