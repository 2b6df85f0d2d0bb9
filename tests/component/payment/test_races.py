"""Concurrent writers of one payment: the second acts on the result of the first."""

from datetime import timedelta
from typing import Any

import pytest

from infra import topology
from tests.support.drivers.payment_driver import HOLD_TIME, Order, all_acknowledged
from tests.support.drivers.provider import ProviderNetwork
from tests.support.faults.aws_errors import interleaved
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import HttpResponse, System

DAY = 24 * 3600


def start(system: System, order: Order, key: str | None = None) -> HttpResponse:
    return system.http("POST /v1/payments", order.request, by=order.buyer, key=key)


def expired_event(order: Order, session_id: str) -> dict[str, Any]:
    session = {"id": session_id, "object": "checkout.session", "client_reference_id": order.payment_id}
    return {"id": "evt_over", "type": "checkout.session.expired", "created": 1, "data": {"object": session}}


def test_idempotency_key_is_kept_for_a_month(system: System, order: Order, clock: MovableClock) -> None:
    start(system, order, "k")

    (record,) = (one for one in system.scan(topology.PAYMENTS) if one["sk"] == "claim")
    assert record["expires_at"] == int(clock.now.timestamp()) + 30 * DAY


def test_concurrent_requests_with_one_key_reject_the_second(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    other = Order(buyer=order.buyer)
    system.deliver(other.booking_ordered(), "payment.on_booking_ordered")

    with interleaved("PutItem", lambda: start(system, other, "k")) as acted:
        response = start(system, order, "k")

    assert (response.status, response.problem, bool(acted)) == (422, "idempotency-key-reused", True)
    assert (order.actions(system), other.actions(system)) == (["open"], ["open", "start", "open_checkout"])


def test_concurrent_repeats_of_one_request_share_a_checkout(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    others: list[HttpResponse] = []

    with interleaved("PutItem", lambda: others.append(start(system, order, "k"))):
        response = start(system, order, "k")

    pages = [one.json["checkout_url"] for one in (response, *others)]
    assert (response.status, len(pages), len(set(pages))) == (201, 2, 1)


def test_concurrent_deliveries_of_one_order_open_one_payment(system: System, provider: ProviderNetwork) -> None:
    order = Order()

    def deliver() -> bool:
        return all_acknowledged(system.deliver(order.booking_ordered(), "payment.on_booking_ordered"))

    def deliver_and_start() -> None:
        deliver()
        start(system, order)

    with interleaved("PutItem", deliver_and_start) as acted:
        delivered = deliver()

    assert (delivered, bool(acted)) == (True, True)
    assert order.actions(system) == ["open", "start", "open_checkout"]


def test_concurrent_starts_begin_one_attempt(system: System, order: Order, provider: ProviderNetwork) -> None:
    others: list[HttpResponse] = []

    with interleaved("UpdateItem", lambda: others.append(start(system, order))):
        response = start(system, order)

    assert response.json["checkout_url"] == others[0].json["checkout_url"]
    assert order.actions(system) == ["open", "start", "open_checkout"]


@pytest.mark.parametrize("moment", ["before the attempt", "before its page"])
def test_booking_cancelled_while_checkout_opens_is_not_payable(
    system: System, order: Order, provider: ProviderNetwork, moment: str
) -> None:
    def cancel() -> None:
        system.deliver(order.booking_cancelled(), "payment.on_booking_cancelled")

    def cancel_once(call: str) -> None:
        provider.before_reply = None
        cancel()

    if moment == "before its page":
        provider.before_reply = cancel_once
        response = start(system, order)
    else:
        with interleaved("UpdateItem", cancel):
            response = start(system, order)

    assert (response.status, response.problem) == (410, "payment-closed")
    assert (order.stored_payment(system)["status"], order.actions(system)[-1]) == ("CANCELLED", "cancel")


def test_checkout_expiry_during_capture_changes_nothing(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    url = start(system, order).json["checkout_url"]

    with interleaved("TransactWriteItems", lambda: provider.choose_outcome(url, "paid")) as acted:
        response = provider.deliver_event(expired_event(order, url.rsplit("/", 1)[1]))

    assert (response.status, bool(acted)) == (200, True)
    assert order.actions(system) == ["open", "start", "open_checkout", "succeed"]


def test_event_overtaken_by_another_write_is_applied_again(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    provider.holds_webhooks = True
    provider.pay(order.buyer, order.id, order.prices)
    later = order.booking_extended(minutes=5)

    with interleaved("TransactWriteItems", lambda: system.deliver(later, "payment.on_booking_extended")):
        response = provider.deliver_event(provider.webhooks[-1].event)

    assert (response.status, order.stored_payment(system)["status"]) == (200, "SUCCEEDED")
    assert order.actions(system)[-2:] == ["extend", "succeed"]


def test_extension_overtaken_by_capture_changes_nothing(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    url = start(system, order).json["checkout_url"]

    with interleaved("UpdateItem", lambda: provider.choose_outcome(url, "paid")):
        system.deliver(order.booking_extended(minutes=5), "payment.on_booking_extended")

    item = order.stored_payment(system)
    assert (item["status"], order.actions(system)[-1]) == ("SUCCEEDED", "succeed")
    assert item["pay_before"] == "2031-05-01T09:10:00.000Z"


def test_declined_card_of_previous_checkout_is_not_the_reason(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    first = start(system, order).json["checkout_url"]
    provider.choose_outcome(first, "declined")
    provider.deliver_event(expired_event(order, first.rsplit("/", 1)[1]))
    start(system, order)
    clock.now += HOLD_TIME + timedelta(seconds=1)

    system.deliver(order.booking_ordered(), "payment.close_payment")

    assert order.stored_payment(system)["reason"] == "expired"
