"""Who did what to a payment: its log names the buyer, the booking, the provider and the clock."""

import pytest

from tests.support.orders import HOLD, Clock, Order
from tests.support.provider import Provider
from tests.support.system import Person, System

BOSS = Person("organiser")


def history(system: System, order: Order) -> list[tuple[str, str]]:
    return [(one["did"], one["by"]) for one in order.stored(system)["logs"]]


def test_a_payment_that_is_extended_declined_paid_and_given_back(
    system: System, order: Order, provider: Provider
) -> None:
    system.deliver(order.show(BOSS), "payment.keep_event")
    system.deliver(order.extended(minutes=5), "payment.on_booking_extended")
    provider.pay(order.buyer, order.id, order.prices, "declined")
    provider.pay(order.buyer, order.id, order.prices)
    row = system.http(f"POST /v1/payments/{order.payment_id}/refund", {"reason": "Rain.", "amount": 1000}, by=BOSS).json
    order.send_back(system)
    about = {"payment_id": order.payment_id, "refund_key": f"{order.payment_id}:refund:{row['id']}"}
    refund = {"id": "re_1", "object": "refund", "status": "failed", "metadata": about}
    sent = order.stored(system)["refunds"]
    provider.tell({"id": "evt_f", "type": "refund.failed", "created": 1, "data": {"object": refund}})

    assert history(system, order) == [
        ("open", "booking"),
        ("extend", "booking"),
        ("start", "buyer"),
        ("open_checkout", "provider"),
        ("decline", "provider"),
        ("succeed", "provider"),
        ("refund", BOSS.user_id),
        ("part_refund", "provider"),
        ("fail_refund", "provider"),
    ]
    assert [one["accepted_at"] for one in sent] == ["2031-05-01T09:00:00.000Z"]


def test_a_page_that_is_over_is_the_providers_word(system: System, order: Order, provider: Provider) -> None:
    url = system.http("POST /v1/payments", order.request, by=order.buyer).json["checkout_url"]
    session = {"id": url.rsplit("/", 1)[1], "client_reference_id": order.payment_id}

    provider.tell({"id": "evt_o", "type": "checkout.session.expired", "created": 1, "data": {"object": session}})

    assert history(system, order)[-1] == ("end_checkout", "provider")


def test_the_clock_fails_what_nobody_paid(system: System, order: Order, provider: Provider, clock: Clock) -> None:
    clock.now += HOLD

    system.deliver(order.ordered(), "payment.close_payment")

    assert history(system, order) == [("open", "booking"), ("fail", "timer")]


def test_a_wrong_amount_fails_by_the_providers_word(system: System, order: Order, provider: Provider) -> None:
    provider.held = True
    provider.pay(order.buyer, order.id, order.prices)
    event = provider.webhooks[-1].event
    event["data"]["object"]["amount_total"] = 4000

    provider.tell(event)

    item = order.stored(system)
    assert (item["status"], item["reason"], history(system, order)[-1][1]) == ("FAILED", "amount_mismatch", "provider")


@pytest.mark.parametrize("prices", [5000, 0])
def test_a_booking_that_is_cancelled_is_bookings_word(system: System, provider: Provider, prices: int) -> None:
    order = Order(prices=prices)
    system.deliver(order.ordered(), "payment.on_booking_ordered")

    for _ in range(2):
        system.deliver(order.cancelled(), "payment.on_booking_cancelled")

    steps = [("cancel", "booking")] if prices else [("refund", "booking"), ("finish_refund", "booking")]
    assert history(system, order) == [("open", "booking"), *steps]


def test_a_booking_that_ends_twice_with_another_sum_has_refunds_of_their_own_ids(
    system: System, order: Order, provider: Provider
) -> None:
    provider.pay(order.buyer, order.id, order.prices)
    for cents in (1, 3000, 3000):
        system.deliver(order.cancelled(refund=cents), "payment.on_booking_cancelled")

    rows = order.stored(system)["refunds"]
    assert [one["amount"] for one in rows] == [1, 2999]
    assert len({one["id"] for one in rows}) == 2
