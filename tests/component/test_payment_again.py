"""Starting again while a payment is open, and paying later than was first said: one page that works, one charge."""

from typing import Any

import pytest

from infra import topology
from tests.support.orders import HOLD, Clock, Order, published, taken
from tests.support.provider import FORM, Provider
from tests.support.refusals import meanwhile
from tests.support.system import PROVIDER_SECRET, Reply, System

EXTENDED, CLOSE = "payment.on_booking_extended", "payment.close_payment"


def start(system: System, order: Order, key: str | None = None) -> Reply:
    return system.http("POST /v1/payments", order.request, by=order.buyer, key=key)


def page(reply: Reply) -> str:
    assert reply.status == 201, reply.text
    return str(reply.json["checkout_url"])


def end_at_provider(system: System, url: str) -> None:
    """The provider ends the page, and its webhook about that is lost."""
    headers = FORM | {"authorization": f"Bearer {PROVIDER_SECRET['api_key']}"}
    session = url.rsplit("/", 1)[1]
    assert system.http(f"POST /sandbox/v1/checkout/sessions/{session}/expire", headers=headers).status == 200


def sessions(system: System) -> list[dict[str, Any]]:
    return [one for one in system.scan(topology.SANDBOX) if one["sk"] == "session"]


@pytest.mark.parametrize("key", [None, "k"])
def test_a_page_that_the_provider_has_ended_is_replaced_by_one_that_works(
    system: System, order: Order, provider: Provider, key: str | None
) -> None:
    first = page(start(system, order, key))
    end_at_provider(system, first)

    second = start(system, order, key)
    provider.choose(page(second), "paid")

    assert page(second) != first
    assert "idempotency-replayed" not in second.headers
    assert order.stored(system)["status"] == "SUCCEEDED"
    assert sorted((one["status"], one["payment_status"]) for one in sessions(system)) == [
        ("complete", "paid"),
        ("expired", "unpaid"),
    ]


def test_every_attempt_stands_in_the_history(system: System, order: Order, provider: Provider) -> None:
    first = page(start(system, order))
    provider.choose(first, "declined")
    end_at_provider(system, first)
    provider.choose(page(start(system, order)), "paid")

    history = system.http(f"GET /v1/payments/{order.payment_id}", by=order.buyer).json["history"]

    assert history["attempts"] == 2
    assert [one["did"] for one in history["logs"]] == [
        "open", "start", "open_checkout", "decline", "end_checkout", "start", "open_checkout", "succeed",
    ]  # fmt: skip


@pytest.mark.parametrize("outcome", ["declined", "abandoned"])
def test_a_page_that_still_works_is_given_again(system: System, order: Order, provider: Provider, outcome: str) -> None:
    first = page(start(system, order))
    provider.choose(first, outcome)

    again = start(system, order)
    provider.choose(page(again), "paid")

    assert (page(again), again.headers["idempotency-replayed"]) == (first, "true")
    assert (order.stored(system)["status"], len(sessions(system))) == ("SUCCEEDED", 1)


def test_a_page_that_was_paid_and_nobody_told_us_is_not_paid_again(
    system: System, order: Order, provider: Provider
) -> None:
    provider.lost_webhooks = 3
    provider.choose(page(start(system, order)), "paid")

    reply = start(system, order)

    item = order.stored(system)
    assert (reply.status, reply.problem) == (409, "already-paid")
    assert (item["status"], published(item)) == ("SUCCEEDED", [{"bus_event": "PaymentSucceeded.v1"}])


def test_money_that_comes_while_the_page_is_looked_at_is_taken_once(
    system: System, order: Order, provider: Provider
) -> None:
    url = page(start(system, order))

    def pay(call: str) -> None:
        provider.meanwhile = None
        provider.choose(url, "paid")

    provider.meanwhile = pay
    reply = start(system, order)

    assert reply.problem == "already-paid"
    assert order.steps(system).count("succeed") == 1


def test_without_the_provider_the_page_that_is_known_is_given(system: System, order: Order, provider: Provider) -> None:
    first = page(start(system, order))
    provider.down = True

    assert page(start(system, order)) == first


def test_two_tabs_that_start_again_at_once_get_one_page(system: System, order: Order, provider: Provider) -> None:
    end_at_provider(system, page(start(system, order)))
    other: list[str] = []

    with meanwhile("UpdateItem", lambda: other.append(page(start(system, order)))):
        mine = page(start(system, order))

    assert other == [mine]
    assert sorted(one["status"] for one in sessions(system)) == ["expired", "open"]


def test_money_that_was_under_way_on_the_page_before_goes_back(
    system: System, order: Order, provider: Provider
) -> None:
    first = page(start(system, order))
    end_at_provider(system, first)
    provider.choose(page(start(system, order)), "paid")

    provider.choose(first, "late")

    charged = {one["url"]: one["amount_total"] - one.get("amount_refunded", 0) for one in sessions(system)}
    assert charged[first] == 0
    assert (sum(charged.values()), order.stored(system)["status"]) == (5000, "SUCCEEDED")


# -- a hold that lasts longer --------------------------------------------------------------------------


def test_a_longer_hold_can_be_paid_until_its_new_end(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    first = page(start(system, order))

    assert taken(system.deliver(order.extended(minutes=5), EXTENDED))
    clock.now += HOLD
    assert taken(system.deliver(order.ordered(), CLOSE))

    assert (system.sent[-1][0], system.sent[-1][2]) == (CLOSE, 300)
    assert page(start(system, order)) == first
    provider.choose(first, "paid")
    assert order.stored(system)["status"] == "SUCCEEDED"


def test_at_its_new_end_it_is_closed(system: System, order: Order, provider: Provider, clock: Clock) -> None:
    start(system, order)
    system.deliver(order.extended(minutes=5), EXTENDED)
    clock.now += HOLD
    clock.pass_by(minutes=5)

    late = start(system, order)
    system.deliver(order.ordered(), CLOSE)

    assert late.problem == "hold-over"
    assert (order.stored(system)["reason"], sessions(system)[0]["status"]) == ("expired", "expired")


def test_a_deadline_never_moves_back(system: System, order: Order) -> None:
    for minutes in (5, 5, -1, 3):
        assert taken(system.deliver(order.extended(minutes=minutes), EXTENDED))

    assert order.stored(system)["pay_before"] == "2031-05-01T09:15:00.000Z"
    assert order.steps(system) == ["open", "extend"]


@pytest.mark.parametrize("state", ["paid", "closed", "cancelled"])
def test_what_has_ended_is_extended_no_more(
    system: System, order: Order, provider: Provider, clock: Clock, state: str
) -> None:
    if state == "paid":
        provider.pay(order.buyer, order.id, order.prices)
    elif state == "cancelled":
        system.deliver(order.cancelled(), "payment.on_booking_cancelled")
    else:
        clock.now += HOLD
        system.deliver(order.ordered(), CLOSE)
    before = order.stored(system)

    assert taken(system.deliver(order.extended(minutes=5), EXTENDED))

    assert order.stored(system) == before


def test_an_extension_that_overtakes_the_order_comes_again(system: System, provider: Provider) -> None:
    assert not taken(system.deliver(Order().extended(minutes=5), EXTENDED))
