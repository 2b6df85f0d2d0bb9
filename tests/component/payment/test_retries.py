"""Restarted and extended payments: one working checkout page, one charge."""

from typing import Any

import pytest

from infra import topology
from tests.support.drivers.payment_driver import HOLD_TIME, Order, all_acknowledged, outbox_entries
from tests.support.drivers.provider import FORM, ProviderNetwork
from tests.support.faults.aws_errors import interleaved
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import PROVIDER_SECRET, HttpResponse, System

EXTENDED, CLOSE = "payment.on_booking_extended", "payment.close_payment"


def start(system: System, order: Order, key: str | None = None) -> HttpResponse:
    return system.http("POST /v1/payments", order.request, by=order.buyer, key=key)


def checkout_url(response: HttpResponse) -> str:
    assert response.status == 201, response.text
    return str(response.json["checkout_url"])


def expire_at_provider(system: System, url: str) -> None:
    """Expire the page at the provider; the webhook is lost."""
    headers = FORM | {"authorization": f"Bearer {PROVIDER_SECRET['api_key']}"}
    session = url.rsplit("/", 1)[1]
    assert system.http(f"POST /sandbox/v1/checkout/sessions/{session}/expire", headers=headers).status == 200


def sessions(system: System) -> list[dict[str, Any]]:
    return [one for one in system.scan(topology.SANDBOX) if one["sk"] == "session"]


@pytest.mark.parametrize("key", [None, "k"])
def test_expired_checkout_is_replaced_by_a_working_one(
    system: System, order: Order, provider: ProviderNetwork, key: str | None
) -> None:
    first = checkout_url(start(system, order, key))
    expire_at_provider(system, first)

    second = start(system, order, key)
    provider.choose_outcome(checkout_url(second), "paid")

    assert checkout_url(second) != first
    assert "idempotency-replayed" not in second.headers
    assert order.stored_payment(system)["status"] == "SUCCEEDED"
    assert sorted((one["status"], one["payment_status"]) for one in sessions(system)) == [
        ("complete", "paid"),
        ("expired", "unpaid"),
    ]


def test_history_lists_every_attempt(system: System, order: Order, provider: ProviderNetwork) -> None:
    first = checkout_url(start(system, order))
    provider.choose_outcome(first, "declined")
    expire_at_provider(system, first)
    provider.choose_outcome(checkout_url(start(system, order)), "paid")

    history = system.http(f"GET /v1/payments/{order.payment_id}", by=order.buyer).json["history"]

    assert history["attempts"] == 2
    assert [one["action"] for one in history["logs"]] == [
        "open", "start", "open_checkout", "decline", "end_checkout", "start", "open_checkout", "succeed",
    ]  # fmt: skip


@pytest.mark.parametrize("outcome", ["declined", "abandoned"])
def test_open_checkout_is_returned_again(system: System, order: Order, provider: ProviderNetwork, outcome: str) -> None:
    first = checkout_url(start(system, order))
    provider.choose_outcome(first, outcome)

    again = start(system, order)
    provider.choose_outcome(checkout_url(again), "paid")

    assert (checkout_url(again), again.headers["idempotency-replayed"]) == (first, "true")
    assert (order.stored_payment(system)["status"], len(sessions(system))) == ("SUCCEEDED", 1)


def test_unreported_capture_prevents_a_second_payment(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.lost_webhooks = 3
    provider.choose_outcome(checkout_url(start(system, order)), "paid")

    response = start(system, order)

    item = order.stored_payment(system)
    assert (response.status, response.problem) == (409, "already-paid")
    assert (item["status"], outbox_entries(item)) == ("SUCCEEDED", [{"bus_event": "PaymentSucceeded.v1"}])


def test_capture_during_checkout_sync_is_recorded_once(system: System, order: Order, provider: ProviderNetwork) -> None:
    url = checkout_url(start(system, order))

    def pay(call: str) -> None:
        provider.before_reply = None
        provider.choose_outcome(url, "paid")

    provider.before_reply = pay
    response = start(system, order)

    assert response.problem == "already-paid"
    assert order.actions(system).count("succeed") == 1


def test_known_checkout_is_returned_while_provider_is_down(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    first = checkout_url(start(system, order))
    provider.is_down = True

    assert checkout_url(start(system, order)) == first


def test_concurrent_restarts_share_one_checkout(system: System, order: Order, provider: ProviderNetwork) -> None:
    expire_at_provider(system, checkout_url(start(system, order)))
    other: list[str] = []

    with interleaved("UpdateItem", lambda: other.append(checkout_url(start(system, order)))):
        own_page = checkout_url(start(system, order))

    assert other == [own_page]
    assert sorted(one["status"] for one in sessions(system)) == ["expired", "open"]


def test_late_money_of_previous_checkout_is_refunded(system: System, order: Order, provider: ProviderNetwork) -> None:
    first = checkout_url(start(system, order))
    expire_at_provider(system, first)
    provider.choose_outcome(checkout_url(start(system, order)), "paid")

    provider.choose_outcome(first, "late")

    charged = {one["url"]: one["amount_total"] - one.get("amount_refunded", 0) for one in sessions(system)}
    assert charged[first] == 0
    assert (sum(charged.values()), order.stored_payment(system)["status"]) == (5000, "SUCCEEDED")


# -- extended holds --------------------------------------------------------------------------


def test_extended_hold_is_payable_until_its_new_deadline(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    first = checkout_url(start(system, order))

    assert all_acknowledged(system.deliver(order.booking_extended(minutes=5), EXTENDED))
    clock.now += HOLD_TIME
    assert all_acknowledged(system.deliver(order.booking_ordered(), CLOSE))

    assert (system.delayed_messages[-1][0], system.delayed_messages[-1][2]) == (CLOSE, 300)
    assert checkout_url(start(system, order)) == first
    provider.choose_outcome(first, "paid")
    assert order.stored_payment(system)["status"] == "SUCCEEDED"


def test_extended_payment_closes_at_its_new_deadline(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    start(system, order)
    system.deliver(order.booking_extended(minutes=5), EXTENDED)
    clock.now += HOLD_TIME
    clock.advance(minutes=5)

    late = start(system, order)
    system.deliver(order.booking_ordered(), CLOSE)

    assert late.problem == "payment-deadline-passed"
    assert (order.stored_payment(system)["reason"], sessions(system)[0]["status"]) == ("expired", "expired")


def test_deadline_never_moves_backwards(system: System, order: Order) -> None:
    for minutes in (5, 5, -1, 3):
        assert all_acknowledged(system.deliver(order.booking_extended(minutes=minutes), EXTENDED))

    assert order.stored_payment(system)["pay_before"] == "2031-05-01T09:15:00.000Z"
    assert order.actions(system) == ["open", "extend"]


@pytest.mark.parametrize("state", ["paid", "closed", "cancelled"])
def test_ended_payment_ignores_an_extension(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock, state: str
) -> None:
    if state == "paid":
        provider.pay(order.buyer, order.id, order.prices)
    elif state == "cancelled":
        system.deliver(order.booking_cancelled(), "payment.on_booking_cancelled")
    else:
        clock.now += HOLD_TIME
        system.deliver(order.booking_ordered(), CLOSE)
    before = order.stored_payment(system)

    assert all_acknowledged(system.deliver(order.booking_extended(minutes=5), EXTENDED))

    assert order.stored_payment(system) == before


def test_extension_before_its_order_is_retried(system: System, provider: ProviderNetwork) -> None:
    assert not all_acknowledged(system.deliver(Order().booking_extended(minutes=5), EXTENDED))
