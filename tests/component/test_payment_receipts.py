"""Receipts: every amount that makes up the total, for whoever may see them."""

from typing import Any

import pytest

from infra import topology
from tests.support.orders import Clock, Order
from tests.support.provider import Provider
from tests.support.system import Person, Reply, System

BOSS, KEEP = Person("organiser"), "payment.keep_event"


def bought(system: System, provider: Provider, **fields: Any) -> Order:
    """An order that was paid, for an event of BOSS's."""
    order = Order(**fields)
    system.deliver(order.show(BOSS), KEEP)
    system.deliver(order.ordered(), "payment.on_booking_ordered")
    if order.prices:
        provider.pay(order.buyer, order.id, order.prices)
    return order


def receipt(system: System, order: Order, by: Person | None = None) -> Reply:
    return system.http(f"GET /v1/payments/{order.payment_id}/receipt", by=by or order.buyer)


def refund(system: System, order: Order, amount: int, reason: str) -> None:
    wanted = {"amount": amount, "reason": reason}
    assert system.http(f"POST /v1/payments/{order.payment_id}/refund", wanted, by=BOSS).status == 201


def test_a_receipt_has_every_amount_that_makes_up_the_total(system: System, provider: Provider) -> None:
    order = bought(system, provider)

    reply = receipt(system, order)

    assert reply.status == 200
    assert reply.json == {
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


def test_what_went_back_stands_on_it_and_what_did_not_does_not(
    system: System, provider: Provider, clock: Clock
) -> None:
    order = bought(system, provider)
    provider.refusals.append(("/refunds", {"code": "balance_insufficient"}))
    for amount, reason in ((700, "Refused."), (1000, "The bar was shut."), (500, "So was the cloakroom.")):
        clock.pass_by(minutes=1)
        refund(system, order, amount, reason)
        order.send_back(system)
    refund(system, order, 100, "Under way.")

    found = receipt(system, order).json

    assert [(one["amount"], one["reason"], one["refunded_at"]) for one in found["refunds"]] == [
        (1000, "The bar was shut.", "2031-05-01T09:02:00Z"),
        (500, "So was the cloakroom.", "2031-05-01T09:03:00Z"),
    ]
    assert (found["total"], found["refunded"], found["net"]) == (5000, 1500, 3500)


@pytest.mark.parametrize(("currency", "decimals"), [("JPY", 0), ("ISK", 0), ("EUR", 2), ("KWD", 3), ("TND", 3)])
def test_its_amounts_say_how_they_are_counted(system: System, provider: Provider, currency: str, decimals: int) -> None:
    found = receipt(system, bought(system, provider, currency=currency)).json

    assert (found["currency"], found["decimals"], found["total"]) == (currency, decimals, 5000)
    assert sum(one["sum"] for one in found["items"]) == found["total"]


def test_a_free_booking_has_a_receipt_of_nothing(system: System, provider: Provider) -> None:
    found = receipt(system, bought(system, provider, prices=0)).json

    assert (found["method"], found["total"], found["net"]) == ("free", 0, 0)


def test_the_event_may_be_heard_of_later(system: System, order: Order, provider: Provider) -> None:
    provider.pay(order.buyer, order.id, order.prices)

    found = receipt(system, order).json

    assert (found["event_name"], found["items"][0]["name"], found["total"]) == (None, None, 5000)


@pytest.mark.parametrize("state", ["open", "cancelled"])
def test_before_it_is_paid_there_is_none(system: System, order: Order, state: str) -> None:
    if state == "cancelled":
        system.deliver(order.cancelled(), "payment.on_booking_cancelled")

    reply = receipt(system, order)

    assert (reply.status, reply.problem) == (409, "not-paid")


def test_it_is_the_buyers_and_the_organisers_only(system: System, provider: Provider) -> None:
    order = bought(system, provider)

    answers = [receipt(system, order, by).status for by in (BOSS, Person("admin"), Person("organiser"), Person())]

    assert answers == [200, 200, 404, 404]


def test_a_receipt_writes_nothing(system: System, provider: Provider) -> None:
    order = bought(system, provider)
    before = system.scan(topology.PAYMENTS)

    receipt(system, order)

    assert system.scan(topology.PAYMENTS) == before
