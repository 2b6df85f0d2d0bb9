"""Two who write one payment at the same moment: one is first, and the other sees what it left."""

from datetime import timedelta
from typing import Any

import pytest

from infra import topology
from tests.support.orders import HOLD, Clock, Order, taken
from tests.support.provider import Provider
from tests.support.refusals import meanwhile
from tests.support.system import Reply, System

DAY = 24 * 3600


def start(system: System, order: Order, key: str | None = None) -> Reply:
    return system.http("POST /v1/payments", order.request, by=order.buyer, key=key)


def over(order: Order, session_id: str) -> dict[str, Any]:
    session = {"id": session_id, "object": "checkout.session", "client_reference_id": order.payment_id}
    return {"id": "evt_over", "type": "checkout.session.expired", "created": 1, "data": {"object": session}}


def test_a_key_is_kept_for_a_month(system: System, order: Order, clock: Clock) -> None:
    start(system, order, "k")

    (claim,) = (one for one in system.scan(topology.PAYMENTS) if one["sk"] == "claim")
    assert claim["expires_at"] == int(clock.now.timestamp()) + 30 * DAY


def test_a_key_that_two_requests_bring_at_once_is_that_of_the_first(
    system: System, order: Order, provider: Provider
) -> None:
    other = Order(buyer=order.buyer)
    system.deliver(other.ordered(), "payment.on_booking_ordered")

    with meanwhile("PutItem", lambda: start(system, other, "k")) as acted:
        reply = start(system, order, "k")

    assert (reply.status, reply.problem, bool(acted)) == (422, "key-reused", True)
    assert (order.steps(system), other.steps(system)) == (["open"], ["open", "start", "open_checkout"])


def test_one_request_that_is_sent_twice_at_once_is_answered_twice(
    system: System, order: Order, provider: Provider
) -> None:
    others: list[Reply] = []

    with meanwhile("PutItem", lambda: others.append(start(system, order, "k"))):
        reply = start(system, order, "k")

    pages = [one.json["checkout_url"] for one in (reply, *others)]
    assert (reply.status, len(pages), len(set(pages))) == (201, 2, 1)


def test_an_order_that_is_heard_twice_at_once_opens_one_payment(system: System, provider: Provider) -> None:
    order = Order()

    def hear() -> bool:
        return taken(system.deliver(order.ordered(), "payment.on_booking_ordered"))

    def hear_and_start() -> None:
        hear()
        start(system, order)

    with meanwhile("PutItem", hear_and_start) as acted:
        heard = hear()

    assert (heard, bool(acted)) == (True, True)
    assert order.steps(system) == ["open", "start", "open_checkout"]


def test_two_who_start_at_once_begin_one_attempt(system: System, order: Order, provider: Provider) -> None:
    others: list[Reply] = []

    with meanwhile("UpdateItem", lambda: others.append(start(system, order))):
        reply = start(system, order)

    assert reply.json["checkout_url"] == others[0].json["checkout_url"]
    assert order.steps(system) == ["open", "start", "open_checkout"]


@pytest.mark.parametrize("moment", ["before the attempt", "before its page"])
def test_a_booking_that_ends_while_its_page_opens_is_not_paid(
    system: System, order: Order, provider: Provider, moment: str
) -> None:
    def end() -> None:
        system.deliver(order.cancelled(), "payment.on_booking_cancelled")

    def ends(call: str) -> None:
        provider.meanwhile = None
        end()

    if moment == "before its page":
        provider.meanwhile = ends
        reply = start(system, order)
    else:
        with meanwhile("UpdateItem", end):
            reply = start(system, order)

    assert (reply.status, reply.problem) == (410, "payment-closed")
    assert (order.stored(system)["status"], order.steps(system)[-1]) == ("CANCELLED", "cancel")


def test_a_page_that_closes_while_money_comes_changes_nothing(system: System, order: Order, provider: Provider) -> None:
    url = start(system, order).json["checkout_url"]

    with meanwhile("TransactWriteItems", lambda: provider.choose(url, "paid")) as acted:
        reply = provider.tell(over(order, url.rsplit("/", 1)[1]))

    assert (reply.status, bool(acted)) == (200, True)
    assert order.steps(system) == ["open", "start", "open_checkout", "succeed"]


def test_an_event_that_another_write_overtakes_is_decided_anew(
    system: System, order: Order, provider: Provider
) -> None:
    provider.held = True
    provider.pay(order.buyer, order.id, order.prices)
    later = order.extended(minutes=5)

    with meanwhile("TransactWriteItems", lambda: system.deliver(later, "payment.on_booking_extended")):
        reply = provider.tell(provider.webhooks[-1].event)

    assert (reply.status, order.stored(system)["status"]) == (200, "SUCCEEDED")
    assert order.steps(system)[-2:] == ["extend", "succeed"]


def test_an_extension_that_money_overtakes_changes_nothing(system: System, order: Order, provider: Provider) -> None:
    url = start(system, order).json["checkout_url"]

    with meanwhile("UpdateItem", lambda: provider.choose(url, "paid")):
        system.deliver(order.extended(minutes=5), "payment.on_booking_extended")

    item = order.stored(system)
    assert (item["status"], order.steps(system)[-1]) == ("SUCCEEDED", "succeed")
    assert item["pay_before"] == "2031-05-01T09:10:00.000Z"


def test_a_card_declined_on_the_page_before_does_not_count_on_the_next(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    first = start(system, order).json["checkout_url"]
    provider.choose(first, "declined")
    provider.tell(over(order, first.rsplit("/", 1)[1]))
    start(system, order)
    clock.now += HOLD + timedelta(seconds=1)

    system.deliver(order.ordered(), "payment.close_payment")

    assert order.stored(system)["reason"] == "expired"
