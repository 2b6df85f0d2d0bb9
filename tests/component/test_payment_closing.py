"""Ending payments and giving money back: the timer, cancellation, failure, and every order of messages."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from common.bus import BusEvent
from infra import topology
from tests.support.orders import HOLD, Clock, Order, published, taken
from tests.support.provider import Provider
from tests.support.refusals import answering, refused
from tests.support.system import System

CLOSE = "payment.close_payment"
CANCELLED = "payment.on_booking_cancelled"
FAILED = "payment.on_booking_failed"
OPEN = "payment.on_booking_ordered"


def start(system: System, order: Order) -> str:
    """The page of a payment that was started."""
    return str(system.http("POST /v1/payments", order.request, by=order.buyer).json["checkout_url"])


def status(order: Order, system: System) -> str:
    return str(order.stored(system)["status"])


def sessions(system: System) -> list[str]:
    return [one["status"] for one in system.scan(topology.SANDBOX) if one["sk"] == "session"]


# -- the timer ---------------------------------------------------------------------------------------


def test_a_timer_that_wakes_early_waits_for_the_payments_own_deadline(
    system: System, order: Order, clock: Clock
) -> None:
    clock.pass_by(minutes=4)

    assert taken(system.deliver(order.ordered(), CLOSE))

    assert [(function, delay) for function, _, delay in system.sent] == [(CLOSE, 360)]
    assert status(order, system) == "PENDING"


def test_a_timer_that_is_quicker_than_the_opening_waits_too(system: System, provider: Provider) -> None:
    assert taken(system.deliver(Order().ordered(), CLOSE))

    assert [delay for _, _, delay in system.sent] == [600]


def test_a_payment_that_is_not_there_at_the_deadline_is_looked_for_again(
    system: System, provider: Provider, clock: Clock
) -> None:
    clock.now += HOLD

    assert not taken(system.deliver(Order().ordered(), CLOSE))


def test_what_was_never_started_expires_without_a_word_to_the_provider(
    system: System, order: Order, provider: Provider, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.now += HOLD
    clock.pass_by(seconds=3)

    assert taken(system.deliver(order.ordered(), CLOSE))

    item = order.stored(system)
    assert (item["status"], item["reason"], published(item)) == (
        "FAILED",
        "expired",
        [{"bus_event": "PaymentFailed.v1"}],
    )
    assert provider.calls == []
    assert '"HoldLateness":[3.0]' in capsys.readouterr().out.replace(" ", "")


def test_an_open_page_is_closed_at_the_provider_first(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    start(system, order)
    clock.now += HOLD

    system.deliver(order.ordered(), CLOSE)

    assert (order.stored(system)["reason"], sessions(system)) == ("expired", ["expired"])


def test_a_card_that_was_declined_last_is_the_reason(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    provider.choose(start(system, order), "declined")
    clock.now += HOLD

    system.deliver(order.ordered(), CLOSE)

    assert order.stored(system)["reason"] == "declined"


def test_a_provider_that_says_paid_is_believed(system: System, order: Order, provider: Provider, clock: Clock) -> None:
    provider.held = True
    provider.choose(start(system, order), "paid")
    clock.now += HOLD

    system.deliver(order.ordered(), CLOSE)
    (late,) = provider.release()

    item = order.stored(system)
    assert (item["status"], published(item), late.status) == ("SUCCEEDED", [{"bus_event": "PaymentSucceeded.v1"}], 200)
    assert order.steps(system).count("succeed") == 1
    assert provider.refunds() == []


def test_without_an_answer_nothing_fails_however_late_it_is(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    start(system, order)
    provider.down = True
    clock.pass_by(days=3)
    answers = [system.deliver(order.ordered(), CLOSE, tries=tries) for tries in (1, 2, 5)]
    without = status(order, system)
    provider.down = False

    last = system.deliver(order.ordered(), CLOSE)

    assert [taken(one) for one in answers] == [False, False, False]
    assert (without, taken(last), status(order, system)) == ("PENDING", True, "FAILED")


def test_a_lost_answer_of_the_closing_is_asked_for_again(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    start(system, order)
    clock.now += HOLD
    provider.lost_replies = 1

    first = system.deliver(order.ordered(), CLOSE)
    second = system.deliver(order.ordered(), CLOSE)

    assert (taken(first), taken(second), status(order, system)) == (False, True, "FAILED")


def test_a_page_whose_reply_was_lost_is_found_again_and_closed(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    provider.lost_replies = 1
    lost = system.http("POST /v1/payments", order.request, by=order.buyer)
    clock.now += HOLD

    system.deliver(order.ordered(), CLOSE)

    assert (lost.status, status(order, system), sessions(system)) == (503, "FAILED", ["expired"])


def test_money_on_a_page_whose_reply_was_lost_is_found_too(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    provider.lost_replies, provider.held = 1, True
    system.http("POST /v1/payments", order.request, by=order.buyer)
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    provider.choose(session["url"], "paid")
    clock.now += HOLD

    system.deliver(order.ordered(), CLOSE)

    assert status(order, system) == "SUCCEEDED"


def test_a_page_that_the_provider_never_made_needs_no_closing(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    no = {"code": "amount_too_small", "message": "too small"}
    provider.refusals += [("/checkout/sessions", no), ("/checkout/sessions", no)]
    refused = system.http("POST /v1/payments", order.request, by=order.buyer)
    clock.now += HOLD

    system.deliver(order.ordered(), CLOSE)

    assert (refused.status, status(order, system)) == (409, "FAILED")


def test_a_wrong_amount_found_at_the_closing_goes_back_before_anything_is_written(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    provider.held = True
    provider.choose(start(system, order), "paid")
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    alter(system, session, amount_total=4000)
    clock.now += HOLD
    provider.meanwhile = lambda call: setattr(provider, "down", call.startswith("GET "))

    died = system.deliver(order.ordered(), CLOSE)
    between, provider.down, provider.meanwhile = status(order, system), False, None
    again = system.deliver(order.ordered(), CLOSE)

    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert (taken(died), between) == (False, "PENDING")
    assert (taken(again), order.stored(system)["reason"]) == (True, "amount_mismatch")
    assert (session["amount_refunded"], len(provider.refunds())) == (4000, 1)


@pytest.mark.moto
def test_a_death_after_a_wrong_amount_went_back_sends_it_back_no_second_time(
    system: System, order: Order, provider: Provider, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.held = True
    provider.choose(start(system, order), "paid")
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    alter(system, session, amount_total=4000)
    clock.now += HOLD

    with answering("dynamodb", "UpdateItem", None, refused("InternalServerError")):
        first = system.deliver(order.ordered(), CLOSE)
    between = status(order, system)
    capsys.readouterr()
    second = system.deliver(order.ordered(), CLOSE)

    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert (taken(first), between, taken(second)) == (False, "PENDING", True)
    assert (status(order, system), session["amount_refunded"]) == ("FAILED", 4000)
    assert "PaymentsReceived" not in capsys.readouterr().out


def alter(system: System, item: dict[str, Any], **changes: Any) -> None:
    """Change an item behind everybody's back."""
    system.put(topology.SANDBOX, item | changes)


def test_a_session_that_the_provider_does_not_know_is_no_proof_of_anything(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    start(system, order)
    clock.now += HOLD
    provider.refusals += [
        ("/expire", {"code": "resource_missing"}),
        ("/checkout/sessions", {"code": "resource_missing"}),
    ]

    assert not taken(system.deliver(order.ordered(), CLOSE))
    assert status(order, system) == "PENDING"


def test_a_page_that_the_provider_closed_itself_is_not_asked_for(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    session_id = start(system, order).rsplit("/", 1)[1]
    session = {"id": session_id, "metadata": {"payment_id": order.payment_id}}
    provider.tell({"id": "evt_o", "type": "checkout.session.expired", "created": 1, "data": {"object": session}})
    provider.calls.clear()
    clock.now += HOLD

    system.deliver(order.ordered(), CLOSE)

    assert (status(order, system), provider.calls) == ("FAILED", [])


def test_money_that_arrives_during_the_closing_wins(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    url = start(system, order)
    clock.now += HOLD
    provider.meanwhile = lambda _: provider.choose(url, "late")

    first = system.deliver(order.ordered(), CLOSE)
    second = system.deliver(order.ordered(), CLOSE)

    assert (taken(first), taken(second)) == (False, True)
    assert (status(order, system), "fail" in order.steps(system)) == ("SUCCEEDED", False)


def test_a_page_that_opens_during_the_closing_is_closed_by_the_next_try(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    session_id = start(system, order).rsplit("/", 1)[1]
    clock.now += HOLD - timedelta(seconds=1)
    session = {"id": session_id, "metadata": {"payment_id": order.payment_id}}
    over = {"id": "evt_o", "type": "checkout.session.expired", "created": 1, "data": {"object": session}}

    def restart(call: str) -> None:
        provider.meanwhile = None
        clock.pass_by(seconds=-1)
        provider.tell(over)
        start(system, order)
        clock.pass_by(seconds=1)

    clock.pass_by(seconds=1)
    provider.meanwhile = restart
    first = system.deliver(order.ordered(), CLOSE)
    second = system.deliver(order.ordered(), CLOSE)

    assert (taken(first), taken(second)) == (False, True)
    assert (status(order, system), sessions(system)) == ("FAILED", ["expired", "expired"])


@pytest.mark.parametrize("ended", ["paid", "cancelled", "free"])
def test_the_timer_leaves_alone_what_has_ended(system: System, provider: Provider, clock: Clock, ended: str) -> None:
    order = Order(prices=0 if ended == "free" else 5000)
    system.deliver(order.ordered(), OPEN)
    if ended == "paid":
        provider.choose(start(system, order), "paid")
    if ended == "cancelled":
        system.deliver(order.cancelled(), CANCELLED)
    before = order.stored(system)
    clock.now += HOLD

    assert taken(system.deliver(order.ordered(), CLOSE))

    assert (order.stored(system), system.sent) == (before, [])


# -- cancelled and failed bookings ---------------------------------------------------------------------


def test_a_cancelled_booking_closes_its_open_page(system: System, order: Order, provider: Provider) -> None:
    start(system, order)

    assert taken(system.deliver(order.cancelled(), CANCELLED))

    item = order.stored(system)
    assert (item["status"], published(item), sessions(system)) == ("CANCELLED", [], ["expired"])


def test_a_cancelled_booking_that_was_paid_at_that_moment_is_refunded(
    system: System, order: Order, provider: Provider
) -> None:
    provider.held = True
    provider.choose(start(system, order), "paid")

    system.deliver(order.cancelled(), CANCELLED)
    order.send_back(system)
    provider.release()

    assert order.steps(system)[-3:] == ["succeed", "refund", "finish_refund"]
    assert len(provider.refunds()) == 1


@pytest.mark.parametrize("why", ["ticket_rejected", "buyer", "no_room", "sale_closed", "cancelled", "limit_reached"])
def test_paid_money_goes_back_once(system: System, order: Order, provider: Provider, why: str) -> None:
    provider.choose(start(system, order), "paid")
    message, consumer = the_end(order, why)

    for _ in range(2):
        assert taken(system.deliver(message, consumer))
        assert order.send_back(system)

    item = order.stored(system)
    assert (item["status"], item["refunded"]) == ("REFUNDED", 5000)
    assert published(item) == [{"bus_event": "PaymentRefunded.v1", "amount": 5000}]
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert (session["amount_refunded"], len(provider.refunds())) == (5000, 1)


def the_end(order: Order, why: str) -> tuple[BusEvent, str]:
    by_booking = why in ("ticket_rejected", "buyer")
    return (order.cancelled(why), CANCELLED) if by_booking else (order.failed(why), FAILED)


@pytest.mark.parametrize("reason", ["declined", "amount_mismatch"])
def test_an_answer_to_our_own_failure_takes_no_late_money_back(
    system: System, order: Order, provider: Provider, clock: Clock, reason: str
) -> None:
    # Booking may confirm late money: refunding it here as well would give the tickets away.
    url = start(system, order)
    clock.now += HOLD
    system.deliver(order.ordered(), CLOSE)
    provider.choose(url, "late")

    system.deliver(order.failed(reason), FAILED)

    assert (status(order, system), provider.refunds()) == ("SUCCEEDED", [])


def test_a_refund_is_written_before_it_is_asked_for(system: System, order: Order, provider: Provider) -> None:
    provider.choose(start(system, order), "paid")
    provider.down = True

    answer = system.deliver(order.failed("no_room"), FAILED)

    (refund,) = order.stored(system)["refunds"]
    asked = {"bus_event": "RefundRequested.v1", "refund_id": refund["id"], "amount": 5000}
    assert (taken(answer), status(order, system)) == (True, "REFUNDING")
    assert published(order.stored(system)) == [asked]
    assert [order.send_back(system, tries=tries) for tries in (1, 5)] == [False, False]
    assert order.refunds(system) == [(5000, "PENDING")]


def test_a_refund_whose_reply_was_lost_is_taken_up_with_the_same_key(
    system: System, order: Order, provider: Provider
) -> None:
    provider.choose(start(system, order), "paid")
    provider.lost_replies = 1

    system.deliver(order.failed("no_room"), FAILED)
    first, second = order.send_back(system), order.send_back(system)

    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    (refund,) = order.stored(system)["refunds"]
    assert (first, second, status(order, system)) == (False, True, "REFUNDED")
    assert [one.key for one in provider.refunds()] == [f"{order.payment_id}:refund:{refund['id']}"] * 2
    assert session["amount_refunded"] == 5000


def test_a_charge_that_is_refunded_already_counts_as_refunded(system: System, order: Order, provider: Provider) -> None:
    provider.choose(start(system, order), "paid")
    provider.refusals.append(("/refunds", {"code": "charge_already_refunded", "message": "done"}))

    system.deliver(order.failed("no_room"), FAILED)
    order.send_back(system)

    assert status(order, system) == "REFUNDED"


def test_a_refund_that_is_refused_for_good_alarms_and_can_be_tried_anew(
    system: System, order: Order, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.choose(start(system, order), "paid")
    provider.refusals.append(("/refunds", {"code": "balance_insufficient", "message": "no"}))
    system.deliver(order.failed("no_room"), FAILED)
    refused = order.send_back(system)
    item, out = order.stored(system), capsys.readouterr().out

    system.deliver(order.failed("no_room"), FAILED)
    order.send_back(system)

    assert (refused, item["status"], item["refunded"], "RefundsFailed" in out) == (True, "SUCCEEDED", 0, True)
    assert [(one["amount"], one["status"]) for one in item["refunds"]] == [(5000, "FAILED")]
    assert (order.refunds(system), status(order, system)) == ([(5000, "FAILED"), (5000, "SUCCEEDED")], "REFUNDED")
    assert len({one.key for one in provider.calls if one.call.endswith("/refunds")}) == 2


@pytest.mark.parametrize("why", ["ticket_rejected", "no_room"])
def test_a_free_payment_is_given_back_without_provider_or_message(system: System, provider: Provider, why: str) -> None:
    order = Order(prices=0)
    system.deliver(order.ordered(), OPEN)
    message, consumer = the_end(order, why)

    system.deliver(message, consumer)

    item = order.stored(system)
    assert (item["status"], item["refunded"], provider.calls) == ("REFUNDED", 0, [])
    assert item["outbox_version"] < item["version"]


@pytest.mark.parametrize("why", ["buyer", "no_room", "declined"])
def test_a_message_that_overtakes_the_order_comes_again(system: System, provider: Provider, why: str) -> None:
    message, consumer = the_end(Order(), why)

    assert not taken(system.deliver(message, consumer))


# -- every pair of messages, in both orders ------------------------------------------------------------

Step = Callable[[System, Order, Provider], bool]


def hear(message: Callable[[Order], BusEvent], consumer: str) -> Step:
    return lambda system, order, _: taken(system.deliver(message(order), consumer))


STEPS: dict[str, Step] = {
    "ordered": hear(Order.ordered, OPEN),
    "timer": hear(Order.ordered, CLOSE),
    "cancelled": hear(Order.cancelled, CANCELLED),
    "no room": hear(lambda order: order.failed("no_room"), FAILED),
    "declined": hear(lambda order: order.failed("declined"), FAILED),
}


@pytest.mark.parametrize(
    "pair", [one for one in itertools.combinations(STEPS, 2) if "ordered" in one], ids=" and ".join
)
def test_before_the_payment_is_open_both_orders_end_alike(
    system: System, provider: Provider, clock: Clock, pair: tuple[str, str]
) -> None:
    clock.now += HOLD
    ends = []
    for steps in (pair, pair[::-1]):
        order = Order()
        run(system, order, provider, steps)
        ends.append((status(order, system), order.steps(system)))

    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    "pair", list(itertools.combinations(("webhook", "cancelled", "no room", "timer"), 2)), ids=" and ".join
)
def test_once_it_is_paid_both_orders_keep_or_return_the_money_alike(
    system: System, provider: Provider, clock: Clock, pair: tuple[str, str]
) -> None:
    ends = []
    for steps in (pair, pair[::-1]):
        order = Order()
        system.deliver(order.ordered(), OPEN)
        provider.held = True
        provider.choose(start(system, order), "paid")
        clock.now += HOLD
        run(system, order, provider, steps)
        ends.append((status(order, system), order.stored(system)["refunded"], order.steps(system)))
        clock.now -= HOLD

    assert ends[0] == ends[1]


def run(system: System, order: Order, provider: Provider, steps: tuple[str, ...]) -> None:
    """Deliver each, and again those that were refused."""
    held = provider.webhooks[-1] if provider.webhooks else None
    known = STEPS | {"webhook": lambda *_: held is not None and provider.send_again(held).status == 200}
    again = [step for step in steps if not known[step](system, order, provider)]
    assert all(known[step](system, order, provider) for step in again)
