"""The log of a payment names the actor of each step: buyer, booking, provider, timer or organiser."""

import pytest

from tests.support.drivers.payment_driver import HOLD_TIME, Order
from tests.support.drivers.provider import ProviderNetwork
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import Person, System

ORGANISER = Person("organiser")


def logged_steps(system: System, order: Order) -> list[tuple[str, str]]:
    return [(one["action"], one["actor"]) for one in order.stored_payment(system)["logs"]]


def test_log_names_the_actor_of_every_step(system: System, order: Order, provider: ProviderNetwork) -> None:
    system.deliver(order.event_published(ORGANISER), "payment.on_event_changed")
    system.deliver(order.booking_extended(minutes=5), "payment.on_booking_extended")
    provider.pay(order.buyer, order.id, order.prices, "declined")
    provider.pay(order.buyer, order.id, order.prices)
    row = system.http(
        f"POST /v1/payments/{order.payment_id}/refund", {"reason": "Rain.", "amount": 1000}, by=ORGANISER
    ).json
    order.deliver_refunds(system)
    metadata = {"payment_id": order.payment_id, "refund_key": f"{order.payment_id}:refund:{row['id']}"}
    refund = {"id": "re_1", "object": "refund", "status": "failed", "metadata": metadata}
    sent = order.stored_payment(system)["refunds"]
    provider.deliver_event({"id": "evt_f", "type": "refund.failed", "created": 1, "data": {"object": refund}})

    assert logged_steps(system, order) == [
        ("open", "booking"),
        ("extend", "booking"),
        ("start", "buyer"),
        ("open_checkout", "provider"),
        ("decline", "provider"),
        ("succeed", "provider"),
        ("refund", ORGANISER.user_id),
        ("part_refund", "provider"),
        ("fail_refund", "provider"),
    ]
    assert [one["accepted_at"] for one in sent] == ["2031-05-01T09:00:00.000Z"]


def test_log_attributes_expired_checkout_to_the_provider(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    url = system.http("POST /v1/payments", order.request, by=order.buyer).json["checkout_url"]
    session = {"id": url.rsplit("/", 1)[1], "client_reference_id": order.payment_id}

    provider.deliver_event(
        {"id": "evt_o", "type": "checkout.session.expired", "created": 1, "data": {"object": session}}
    )

    assert logged_steps(system, order)[-1] == ("end_checkout", "provider")


def test_log_attributes_expiry_to_the_timer(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    clock.now += HOLD_TIME

    system.deliver(order.booking_ordered(), "payment.close_payment")

    assert logged_steps(system, order) == [("open", "booking"), ("fail", "timer")]


def test_log_attributes_wrong_amount_to_the_provider(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.holds_webhooks = True
    provider.pay(order.buyer, order.id, order.prices)
    event = provider.webhooks[-1].event
    event["data"]["object"]["amount_total"] = 4000

    provider.deliver_event(event)

    item = order.stored_payment(system)
    assert (item["status"], item["reason"], logged_steps(system, order)[-1][1]) == (
        "FAILED",
        "amount_mismatch",
        "provider",
    )


@pytest.mark.parametrize("prices", [5000, 0])
def test_log_attributes_cancellation_to_booking(system: System, provider: ProviderNetwork, prices: int) -> None:
    order = Order(prices=prices)
    system.deliver(order.booking_ordered(), "payment.on_booking_ordered")

    for _ in range(2):
        system.deliver(order.booking_cancelled(), "payment.on_booking_cancelled")

    steps = [("cancel", "booking")] if prices else [("refund", "booking"), ("finish_refund", "booking")]
    assert logged_steps(system, order) == [("open", "booking"), *steps]


def test_refunds_of_one_booking_have_distinct_ids(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.pay(order.buyer, order.id, order.prices)
    for cents in (1, 3000, 3000):
        system.deliver(order.booking_cancelled(refund=cents), "payment.on_booking_cancelled")

    rows = order.stored_payment(system)["refunds"]
    assert [one["amount"] for one in rows] == [1, 2999]
    assert len({one["id"] for one in rows}) == 2
