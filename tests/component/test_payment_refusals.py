"""What payment's refusals say: which field it was, and the sums in the payment's own currency."""

from typing import Any

import pytest

from tests.support.orders import Clock, Order
from tests.support.provider import Provider, signed
from tests.support.system import Person, System

BOSS = Person("organiser")


def said(reply: Any) -> dict[str, Any]:
    """The members of a problem that are its own, and where it lies."""
    members = {name: value for name, value in reply.json.items() if name in ("price", "due", "left", "currency")}
    return members | {"pointer": reply.json["errors"][0]["pointer"]}


def test_an_unknown_order_is_told_by_its_field(system: System, order: Order) -> None:
    reply = system.http("POST /v1/payments", order.request, by=Person())

    assert said(reply) == {"pointer": "/order_id"}


def test_another_price_names_what_is_due_and_in_what(system: System, order: Order) -> None:
    reply = system.http("POST /v1/payments", order.request | {"price": 1}, by=order.buyer)

    assert said(reply) == {"pointer": "/price", "price": 1, "due": 5000, "currency": "EUR"}
    assert reply.json["detail"] == "The price given is 1, the amount due is 5000 (EUR, minor units)."


@pytest.mark.parametrize(("given", "left"), [(5001, 5000), (None, 0)])
def test_too_large_a_refund_names_what_is_left(
    system: System, order: Order, provider: Provider, given: int | None, left: int
) -> None:
    system.deliver(order.show(BOSS), "payment.keep_event")
    provider.pay(order.buyer, order.id, order.prices)
    call = f"POST /v1/payments/{order.payment_id}/refund"
    if given is None:
        system.http(call, {"reason": "Rain."}, by=BOSS)

    reply = system.http(call, {"reason": "Rain."} | ({"amount": given} if given else {}), by=BOSS)

    assert said(reply) == {"pointer": "/amount", "left": left, "currency": "EUR"}
    assert reply.json["detail"] == f"At most {left} (EUR, minor units) can still go back."


def test_a_refund_of_the_last_cent_is_granted(system: System, order: Order, provider: Provider) -> None:
    system.deliver(order.show(BOSS), "payment.keep_event")
    provider.pay(order.buyer, order.id, order.prices)
    call = f"POST /v1/payments/{order.payment_id}/refund"
    system.http(call, {"reason": "Rain.", "amount": 4999}, by=BOSS)

    last = system.http(call, {"reason": "Rain."}, by=BOSS)

    assert (last.status, last.json["amount"]) == (201, 1)


def test_a_signature_of_another_moment_says_so(provider: Provider, clock: Clock) -> None:
    delivery = signed(b"{}")
    clock.pass_by(minutes=6)

    reply = provider.send(delivery)

    assert (reply.problem, reply.json["detail"]) == ("bad-signature", "The signature is not of this moment.")


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
def test_a_body_that_is_no_event_says_how_much_is_wrong(
    system: System, provider: Provider, event: dict[str, Any], detail: str
) -> None:
    reply = provider.tell(event)

    assert (reply.status, reply.json["detail"]) == (400, detail)


def test_a_payment_that_failed_and_one_that_did_not_show_a_reason_or_none(
    system: System, order: Order, provider: Provider
) -> None:
    before = system.http(f"GET /v1/payments/{order.payment_id}", by=order.buyer).json
    system.deliver(order.failed("no_room"), "payment.on_booking_failed")
    after = system.http(f"GET /v1/payments/{order.payment_id}", by=order.buyer).json

    assert (before["reason"], after["status"], before["refunds"], after["refunds"]) == (None, "CANCELLED", [], [])
