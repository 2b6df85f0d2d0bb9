"""The end of a payment: timer, cancellation, failure and refunds, with messages in any order."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from common.bus import BusEvent
from infra import topology
from tests.support.drivers.payment_driver import HOLD_TIME, Order, all_acknowledged, outbox_entries
from tests.support.drivers.provider import ProviderNetwork
from tests.support.faults.aws_errors import error_response, scripted_responses
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import System

CLOSE = "payment.close_payment"
CANCELLED = "payment.on_booking_cancelled"
FAILED = "payment.on_booking_failed"
OPEN = "payment.on_booking_ordered"


def start(system: System, order: Order) -> str:
    """Start the payment. Returns its checkout URL."""
    return str(system.http("POST /v1/payments", order.request, by=order.buyer).json["checkout_url"])


def status(order: Order, system: System) -> str:
    return str(order.stored_payment(system)["status"])


def sessions(system: System) -> list[str]:
    return [one["status"] for one in system.scan(topology.SANDBOX) if one["sk"] == "session"]


# -- the timer ---------------------------------------------------------------------------------------


def test_early_timer_waits_for_the_payment_deadline(system: System, order: Order, clock: MovableClock) -> None:
    clock.advance(minutes=4)

    assert all_acknowledged(system.deliver(order.booking_ordered(), CLOSE))

    assert [(function, delay) for function, _, delay in system.delayed_messages] == [(CLOSE, 360)]
    assert status(order, system) == "PENDING"


def test_timer_before_payment_is_open_waits(system: System, provider: ProviderNetwork) -> None:
    assert all_acknowledged(system.deliver(Order().booking_ordered(), CLOSE))

    assert [delay for _, _, delay in system.delayed_messages] == [600]


def test_missing_payment_at_deadline_is_retried(system: System, provider: ProviderNetwork, clock: MovableClock) -> None:
    clock.now += HOLD_TIME

    assert not all_acknowledged(system.deliver(Order().booking_ordered(), CLOSE))


def test_unstarted_payment_expires_without_calling_the_provider(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.now += HOLD_TIME
    clock.advance(seconds=3)

    assert all_acknowledged(system.deliver(order.booking_ordered(), CLOSE))

    item = order.stored_payment(system)
    assert (item["status"], item["reason"], outbox_entries(item)) == (
        "FAILED",
        "expired",
        [{"bus_event": "PaymentFailed.v1"}],
    )
    assert provider.calls == []
    assert '"HoldLateness":[3.0]' in capsys.readouterr().out.replace(" ", "")


def test_open_checkout_is_expired_at_the_provider_first(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    start(system, order)
    clock.now += HOLD_TIME

    system.deliver(order.booking_ordered(), CLOSE)

    assert (order.stored_payment(system)["reason"], sessions(system)) == ("expired", ["expired"])


def test_declined_card_becomes_the_failure_reason(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    provider.choose_outcome(start(system, order), "declined")
    clock.now += HOLD_TIME

    system.deliver(order.booking_ordered(), CLOSE)

    assert order.stored_payment(system)["reason"] == "declined"


def test_paid_checkout_succeeds_at_the_deadline(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    provider.holds_webhooks = True
    provider.choose_outcome(start(system, order), "paid")
    clock.now += HOLD_TIME

    system.deliver(order.booking_ordered(), CLOSE)
    (late,) = provider.release_webhooks()

    item = order.stored_payment(system)
    assert (item["status"], outbox_entries(item), late.status) == (
        "SUCCEEDED",
        [{"bus_event": "PaymentSucceeded.v1"}],
        200,
    )
    assert order.actions(system).count("succeed") == 1
    assert provider.successful_refunds() == []


def test_payment_stays_pending_while_provider_is_down(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    start(system, order)
    provider.is_down = True
    clock.advance(days=3)
    results = [system.deliver(order.booking_ordered(), CLOSE, tries=tries) for tries in (1, 2, 5)]
    status_without_answer = status(order, system)
    provider.is_down = False

    last = system.deliver(order.booking_ordered(), CLOSE)

    assert [all_acknowledged(one) for one in results] == [False, False, False]
    assert (status_without_answer, all_acknowledged(last), status(order, system)) == ("PENDING", True, "FAILED")


def test_lost_expiry_reply_is_retried(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    start(system, order)
    clock.now += HOLD_TIME
    provider.lost_replies = 1

    first = system.deliver(order.booking_ordered(), CLOSE)
    second = system.deliver(order.booking_ordered(), CLOSE)

    assert (all_acknowledged(first), all_acknowledged(second), status(order, system)) == (False, True, "FAILED")


def test_checkout_with_lost_reply_is_expired(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    provider.lost_replies = 1
    lost = system.http("POST /v1/payments", order.request, by=order.buyer)
    clock.now += HOLD_TIME

    system.deliver(order.booking_ordered(), CLOSE)

    assert (lost.status, status(order, system), sessions(system)) == (503, "FAILED", ["expired"])


def test_money_on_checkout_with_lost_reply_is_captured(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    provider.lost_replies, provider.holds_webhooks = 1, True
    system.http("POST /v1/payments", order.request, by=order.buyer)
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    provider.choose_outcome(session["url"], "paid")
    clock.now += HOLD_TIME

    system.deliver(order.booking_ordered(), CLOSE)

    assert status(order, system) == "SUCCEEDED"


def test_rejected_checkout_needs_no_expiry(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    error = {"code": "amount_too_small", "message": "too small"}
    provider.error_responses += [("/checkout/sessions", error), ("/checkout/sessions", error)]
    refused = system.http("POST /v1/payments", order.request, by=order.buyer)
    clock.now += HOLD_TIME

    system.deliver(order.booking_ordered(), CLOSE)

    assert (refused.status, status(order, system)) == (409, "FAILED")


def test_wrong_amount_is_refunded_before_payment_fails(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    provider.holds_webhooks = True
    provider.choose_outcome(start(system, order), "paid")
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    overwrite(system, session, amount_total=4000)
    clock.now += HOLD_TIME
    provider.before_reply = lambda call: setattr(provider, "is_down", call.startswith("GET "))

    first = system.deliver(order.booking_ordered(), CLOSE)
    between, provider.is_down, provider.before_reply = status(order, system), False, None
    second = system.deliver(order.booking_ordered(), CLOSE)

    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert (all_acknowledged(first), between) == (False, "PENDING")
    assert (all_acknowledged(second), order.stored_payment(system)["reason"]) == (True, "amount_mismatch")
    assert (session["amount_refunded"], len(provider.successful_refunds())) == (4000, 1)


@pytest.mark.moto
def test_crash_after_refunding_wrong_amount_refunds_only_once(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.holds_webhooks = True
    provider.choose_outcome(start(system, order), "paid")
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    overwrite(system, session, amount_total=4000)
    clock.now += HOLD_TIME

    with scripted_responses("dynamodb", "UpdateItem", None, error_response("InternalServerError")):
        first = system.deliver(order.booking_ordered(), CLOSE)
    between = status(order, system)
    capsys.readouterr()
    second = system.deliver(order.booking_ordered(), CLOSE)

    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert (all_acknowledged(first), between, all_acknowledged(second)) == (False, "PENDING", True)
    assert (status(order, system), session["amount_refunded"]) == ("FAILED", 4000)
    assert "PaymentsReceived" not in capsys.readouterr().out


def overwrite(system: System, item: dict[str, Any], **changes: Any) -> None:
    """Change a stored item directly."""
    system.put_items(topology.SANDBOX, item | changes)


def test_unknown_session_does_not_fail_the_payment(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    start(system, order)
    clock.now += HOLD_TIME
    provider.error_responses += [
        ("/expire", {"code": "resource_missing"}),
        ("/checkout/sessions", {"code": "resource_missing"}),
    ]

    assert not all_acknowledged(system.deliver(order.booking_ordered(), CLOSE))
    assert status(order, system) == "PENDING"


def test_checkout_expired_by_provider_is_not_queried(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    session_id = start(system, order).rsplit("/", 1)[1]
    session = {"id": session_id, "metadata": {"payment_id": order.payment_id}}
    provider.deliver_event(
        {"id": "evt_o", "type": "checkout.session.expired", "created": 1, "data": {"object": session}}
    )
    provider.calls.clear()
    clock.now += HOLD_TIME

    system.deliver(order.booking_ordered(), CLOSE)

    assert (status(order, system), provider.calls) == ("FAILED", [])


def test_money_arriving_during_expiry_wins(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    url = start(system, order)
    clock.now += HOLD_TIME
    provider.before_reply = lambda _: provider.choose_outcome(url, "late")

    first = system.deliver(order.booking_ordered(), CLOSE)
    second = system.deliver(order.booking_ordered(), CLOSE)

    assert (all_acknowledged(first), all_acknowledged(second)) == (False, True)
    assert (status(order, system), "fail" in order.actions(system)) == ("SUCCEEDED", False)


def test_checkout_opened_during_expiry_is_expired_by_retry(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    session_id = start(system, order).rsplit("/", 1)[1]
    clock.now += HOLD_TIME - timedelta(seconds=1)
    session = {"id": session_id, "metadata": {"payment_id": order.payment_id}}
    expired_event = {"id": "evt_o", "type": "checkout.session.expired", "created": 1, "data": {"object": session}}

    def restart(call: str) -> None:
        provider.before_reply = None
        clock.advance(seconds=-1)
        provider.deliver_event(expired_event)
        start(system, order)
        clock.advance(seconds=1)

    clock.advance(seconds=1)
    provider.before_reply = restart
    first = system.deliver(order.booking_ordered(), CLOSE)
    second = system.deliver(order.booking_ordered(), CLOSE)

    assert (all_acknowledged(first), all_acknowledged(second)) == (False, True)
    assert (status(order, system), sessions(system)) == ("FAILED", ["expired", "expired"])


@pytest.mark.parametrize("ended", ["paid", "cancelled", "free"])
def test_timer_ignores_an_ended_payment(
    system: System, provider: ProviderNetwork, clock: MovableClock, ended: str
) -> None:
    order = Order(prices=0 if ended == "free" else 5000)
    system.deliver(order.booking_ordered(), OPEN)
    if ended == "paid":
        provider.choose_outcome(start(system, order), "paid")
    if ended == "cancelled":
        system.deliver(order.booking_cancelled(), CANCELLED)
    before = order.stored_payment(system)
    clock.now += HOLD_TIME

    assert all_acknowledged(system.deliver(order.booking_ordered(), CLOSE))

    assert (order.stored_payment(system), system.delayed_messages) == (before, [])


# -- cancelled and failed bookings ---------------------------------------------------------------------


def test_cancelled_booking_expires_its_open_checkout(system: System, order: Order, provider: ProviderNetwork) -> None:
    start(system, order)

    assert all_acknowledged(system.deliver(order.booking_cancelled(), CANCELLED))

    item = order.stored_payment(system)
    assert (item["status"], outbox_entries(item), sessions(system)) == ("CANCELLED", [], ["expired"])


def test_cancelled_booking_paid_meanwhile_is_refunded(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.holds_webhooks = True
    provider.choose_outcome(start(system, order), "paid")

    system.deliver(order.booking_cancelled(), CANCELLED)
    order.deliver_refunds(system)
    provider.release_webhooks()

    assert order.actions(system)[-3:] == ["succeed", "refund", "finish_refund"]
    assert len(provider.successful_refunds()) == 1


@pytest.mark.parametrize("why", ["ticket_rejected", "buyer", "no_room", "sale_closed", "cancelled", "limit_reached"])
def test_ended_booking_is_refunded_once(system: System, order: Order, provider: ProviderNetwork, why: str) -> None:
    provider.choose_outcome(start(system, order), "paid")
    message, consumer = ending_message(order, why)

    for _ in range(2):
        assert all_acknowledged(system.deliver(message, consumer))
        assert order.deliver_refunds(system)

    item = order.stored_payment(system)
    assert (item["status"], item["refunded"]) == ("REFUNDED", 5000)
    assert outbox_entries(item) == [{"bus_event": "PaymentRefunded.v1", "amount": 5000}]
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert (session["amount_refunded"], len(provider.successful_refunds())) == (5000, 1)


def ending_message(order: Order, why: str) -> tuple[BusEvent, str]:
    by_booking = why in ("ticket_rejected", "buyer")
    return (order.booking_cancelled(why), CANCELLED) if by_booking else (order.booking_failed(why), FAILED)


@pytest.mark.parametrize("reason", ["declined", "amount_mismatch"])
def test_failure_caused_by_payment_refunds_no_late_money(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock, reason: str
) -> None:
    # Booking may confirm late money: refunding it here as well would give the tickets away.
    url = start(system, order)
    clock.now += HOLD_TIME
    system.deliver(order.booking_ordered(), CLOSE)
    provider.choose_outcome(url, "late")

    system.deliver(order.booking_failed(reason), FAILED)

    assert (status(order, system), provider.successful_refunds()) == ("SUCCEEDED", [])


def test_refund_is_stored_before_it_is_sent(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.choose_outcome(start(system, order), "paid")
    provider.is_down = True

    result = system.deliver(order.booking_failed("no_room"), FAILED)

    (refund,) = order.stored_payment(system)["refunds"]
    expected = {"bus_event": "RefundRequested.v1", "refund_id": refund["id"], "amount": 5000}
    assert (all_acknowledged(result), status(order, system)) == (True, "REFUNDING")
    assert outbox_entries(order.stored_payment(system)) == [expected]
    assert [order.deliver_refunds(system, tries=tries) for tries in (1, 5)] == [False, False]
    assert order.refunds(system) == [(5000, "PENDING")]


def test_lost_refund_reply_is_retried_with_the_same_key(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    provider.choose_outcome(start(system, order), "paid")
    provider.lost_replies = 1

    system.deliver(order.booking_failed("no_room"), FAILED)
    first, second = order.deliver_refunds(system), order.deliver_refunds(system)

    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    (refund,) = order.stored_payment(system)["refunds"]
    assert (first, second, status(order, system)) == (False, True, "REFUNDED")
    assert [one.key for one in provider.successful_refunds()] == [f"{order.payment_id}:refund:{refund['id']}"] * 2
    assert session["amount_refunded"] == 5000


def test_already_refunded_charge_counts_as_refunded(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.choose_outcome(start(system, order), "paid")
    provider.error_responses.append(("/refunds", {"code": "charge_already_refunded", "message": "done"}))

    system.deliver(order.booking_failed("no_room"), FAILED)
    order.deliver_refunds(system)

    assert status(order, system) == "REFUNDED"


def test_rejected_refund_alarms_and_can_be_requested_again(
    system: System, order: Order, provider: ProviderNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.choose_outcome(start(system, order), "paid")
    provider.error_responses.append(("/refunds", {"code": "balance_insufficient", "message": "no"}))
    system.deliver(order.booking_failed("no_room"), FAILED)
    refused = order.deliver_refunds(system)
    item, out = order.stored_payment(system), capsys.readouterr().out

    system.deliver(order.booking_failed("no_room"), FAILED)
    order.deliver_refunds(system)

    assert (refused, item["status"], item["refunded"], "RefundsFailed" in out) == (True, "SUCCEEDED", 0, True)
    assert [(one["amount"], one["status"]) for one in item["refunds"]] == [(5000, "FAILED")]
    assert (order.refunds(system), status(order, system)) == ([(5000, "FAILED"), (5000, "SUCCEEDED")], "REFUNDED")
    assert len({one.key for one in provider.calls if one.call.endswith("/refunds")}) == 2


@pytest.mark.parametrize("why", ["ticket_rejected", "no_room"])
def test_free_payment_is_closed_without_provider_or_event(system: System, provider: ProviderNetwork, why: str) -> None:
    order = Order(prices=0)
    system.deliver(order.booking_ordered(), OPEN)
    message, consumer = ending_message(order, why)

    system.deliver(message, consumer)

    item = order.stored_payment(system)
    assert (item["status"], item["refunded"], provider.calls) == ("REFUNDED", 0, [])
    assert item["outbox_version"] < item["version"]


@pytest.mark.parametrize("why", ["buyer", "no_room", "declined"])
def test_message_before_its_order_is_retried(system: System, provider: ProviderNetwork, why: str) -> None:
    message, consumer = ending_message(Order(), why)

    assert not all_acknowledged(system.deliver(message, consumer))


# -- every pair of messages, in both orders ------------------------------------------------------------

Step = Callable[[System, Order, ProviderNetwork], bool]


def delivery(message: Callable[[Order], BusEvent], consumer: str) -> Step:
    return lambda system, order, _: all_acknowledged(system.deliver(message(order), consumer))


STEPS: dict[str, Step] = {
    "ordered": delivery(Order.booking_ordered, OPEN),
    "timer": delivery(Order.booking_ordered, CLOSE),
    "cancelled": delivery(Order.booking_cancelled, CANCELLED),
    "no room": delivery(lambda order: order.booking_failed("no_room"), FAILED),
    "declined": delivery(lambda order: order.booking_failed("declined"), FAILED),
}


@pytest.mark.parametrize(
    "pair", [one for one in itertools.combinations(STEPS, 2) if "ordered" in one], ids=" and ".join
)
def test_message_order_before_opening_does_not_matter(
    system: System, provider: ProviderNetwork, clock: MovableClock, pair: tuple[str, str]
) -> None:
    clock.now += HOLD_TIME
    ends = []
    for steps in (pair, pair[::-1]):
        order = Order()
        deliver_until_done(system, order, provider, steps)
        ends.append((status(order, system), order.actions(system)))

    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    "pair", list(itertools.combinations(("webhook", "cancelled", "no room", "timer"), 2)), ids=" and ".join
)
def test_message_order_after_payment_does_not_matter(
    system: System, provider: ProviderNetwork, clock: MovableClock, pair: tuple[str, str]
) -> None:
    ends = []
    for steps in (pair, pair[::-1]):
        order = Order()
        system.deliver(order.booking_ordered(), OPEN)
        provider.holds_webhooks = True
        provider.choose_outcome(start(system, order), "paid")
        clock.now += HOLD_TIME
        deliver_until_done(system, order, provider, steps)
        ends.append((status(order, system), order.stored_payment(system)["refunded"], order.actions(system)))
        clock.now -= HOLD_TIME

    assert ends[0] == ends[1]


def deliver_until_done(system: System, order: Order, provider: ProviderNetwork, steps: tuple[str, ...]) -> None:
    """Deliver each message, and those that failed once more."""
    held_webhook = provider.webhooks[-1] if provider.webhooks else None
    steps_by_name = STEPS | {
        "webhook": lambda *_: held_webhook is not None and provider.resend_webhook(held_webhook).status == 200
    }
    failed_steps = [step for step in steps if not steps_by_name[step](system, order, provider)]
    assert all(steps_by_name[step](system, order, provider) for step in failed_steps)
