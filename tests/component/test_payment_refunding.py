"""Money that goes back by the organiser's word or because the booking ended: bounded, once, and told."""

from typing import Any

import pytest

from common.bus.events import EventCancelled, EventChanged
from infra import topology
from tests.support.orders import Clock, Order, published, taken
from tests.support.provider import Provider
from tests.support.refusals import meanwhile
from tests.support.system import Person, Reply, System

BOSS, ADMIN, KEEP = Person("organiser"), Person("admin"), "payment.keep_event"
CANCELLED, FAILED = "payment.on_booking_cancelled", "payment.on_booking_failed"
REASON = "The bar was shut."


@pytest.fixture
def paid(system: System, order: Order, provider: Provider) -> Order:
    """An order of 50.00 EUR that was paid, for an event of BOSS's."""
    system.deliver(order.show(BOSS), KEEP)
    provider.pay(order.buyer, order.id, order.prices)
    return order


def refund(
    system: System, order: Order, amount: int | None = None, *, by: Person = BOSS, key: str | None = None, **more: Any
) -> Reply:
    wanted = {"reason": REASON} | ({} if amount is None else {"amount": amount}) | more
    return system.http(f"POST /v1/payments/{order.payment_id}/refund", wanted, by=by, key=key)


def shown(system: System, order: Order, by: Person | None = None) -> Any:
    return system.http(f"GET /v1/payments/{order.payment_id}", by=by or order.buyer).json


def at_provider(system: System) -> int:
    """What the provider has sent back in all."""
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    return int(session.get("amount_refunded", 0))


@pytest.mark.parametrize("by", [BOSS, ADMIN], ids=["organiser", "admin"])
def test_all_that_is_left_goes_back_where_no_amount_is_said(
    system: System, paid: Order, provider: Provider, by: Person
) -> None:
    asked = refund(system, paid, by=by)
    waiting = shown(system, paid)
    paid.send_back(system)

    item = paid.stored(system)
    assert (asked.status, asked.headers["location"]) == (201, f"/v1/payments/{paid.payment_id}")
    said = {
        "amount": 5000,
        "reason": REASON,
        "by": "admin" if by is ADMIN else by.user_id,
        "status": "PENDING",
        "ended_at": None,
    }
    assert said.items() <= asked.json.items()
    assert (waiting["status"], waiting["refunds"]) == ("REFUNDING", [asked.json])
    assert (item["status"], item["refunded"], at_provider(system)) == ("REFUNDED", 5000, 5000)
    assert published(item) == [{"bus_event": "PaymentRefunded.v1", "amount": 5000}]


def test_parts_go_back_one_after_the_other_and_leave_it_paid_until_nothing_is_left(
    system: System, paid: Order, provider: Provider
) -> None:
    states = []
    for amount in (1000, 1500, None):
        refund(system, paid, amount)
        assert paid.send_back(system)
        item = paid.stored(system)
        states.append((item["status"], item["refunded"], published(item)[0]["amount"]))

    assert states == [("SUCCEEDED", 1000, 1000), ("SUCCEEDED", 2500, 1500), ("REFUNDED", 5000, 2500)]
    assert at_provider(system) == 5000
    assert paid.steps(system)[-6:] == ["refund", "part_refund", "refund", "part_refund", "refund", "finish_refund"]


@pytest.mark.parametrize("backwards", [False, True])
def test_several_that_wait_are_sent_in_any_order(
    system: System, paid: Order, provider: Provider, backwards: bool
) -> None:
    for amount in (1000, 1500):
        refund(system, paid, amount)
    rows = paid.stored(system)["refunds"]

    for one in reversed(rows) if backwards else rows:
        system.deliver(paid.refund_requested(one), "payment.on_refund_requested")

    item = paid.stored(system)
    assert (item["status"], item["refunded"], at_provider(system)) == ("SUCCEEDED", 2500, 2500)
    assert paid.steps(system)[-2:] == ["finish_one", "part_refund"]


@pytest.mark.parametrize("amount", [5001, 10**12])
def test_more_than_was_paid_is_refused_naming_what_is_left(system: System, paid: Order, amount: int) -> None:
    reply = refund(system, paid, amount)

    assert (reply.status, reply.problem, reply.json["left"]) == (409, "refund-exceeds-payment", 5000)
    assert reply.json["errors"][0]["pointer"] == "/amount"
    assert "5000" in reply.json["detail"]
    assert paid.stored(system)["status"] == "SUCCEEDED"


def test_what_was_asked_for_before_is_no_longer_left_though_it_was_not_sent_yet(system: System, paid: Order) -> None:
    refund(system, paid, 4000)

    too_much, rest, nothing = refund(system, paid, 1001), refund(system, paid, 1000), refund(system, paid)

    assert (too_much.problem, too_much.json["left"]) == ("refund-exceeds-payment", 1000)
    assert rest.status == 201
    assert (nothing.problem, nothing.json["left"]) == ("refund-exceeds-payment", 0)


def test_a_refund_that_another_overtakes_sees_what_it_left(system: System, paid: Order) -> None:
    with meanwhile("UpdateItem", lambda: refund(system, paid, 3000)):
        reply = refund(system, paid, 3000)

    assert (reply.problem, reply.json["left"]) == ("refund-exceeds-payment", 2000)
    assert paid.refunds(system) == [(3000, "PENDING")]


def test_a_refund_that_the_buyers_cancelling_overtakes_finds_nothing_left(system: System, paid: Order) -> None:
    with meanwhile("UpdateItem", lambda: system.deliver(paid.cancelled(), CANCELLED)):
        reply = refund(system, paid, 100)

    assert (reply.problem, reply.json["left"]) == ("refund-exceeds-payment", 0)


def test_a_cancelling_that_a_refund_overtakes_gives_back_the_rest(
    system: System, paid: Order, provider: Provider
) -> None:
    with meanwhile("UpdateItem", lambda: refund(system, paid, 1200)):
        assert taken(system.deliver(paid.cancelled(), CANCELLED))
    paid.send_back(system)

    assert paid.refunds(system) == [(1200, "SUCCEEDED"), (3800, "SUCCEEDED")]
    assert (paid.stored(system)["status"], at_provider(system)) == ("REFUNDED", 5000)


def test_a_key_gives_back_once(system: System, paid: Order, provider: Provider) -> None:
    first = refund(system, paid, 1000, key="k")
    paid.send_back(system)
    again = refund(system, paid, 1000, key="k")

    assert (again.status, again.headers["idempotency-replayed"]) == (201, "true")
    assert (again.json["id"], again.json["status"]) == (first.json["id"], "SUCCEEDED")
    assert (paid.refunds(system), at_provider(system)) == ([(1000, "SUCCEEDED")], 1000)


def test_a_key_repeats_its_answer_even_when_nothing_is_left(system: System, paid: Order) -> None:
    refund(system, paid, key="k")

    assert refund(system, paid, key="k").headers["idempotency-replayed"] == "true"
    assert refund(system, paid, key="l").problem == "refund-exceeds-payment"


@pytest.mark.parametrize("other", [{"amount": 999}, {"amount": 1000, "reason": "Another."}], ids=str)
def test_a_key_belongs_to_one_request(system: System, paid: Order, other: dict[str, Any]) -> None:
    refund(system, paid, 1000, key="k")

    reply = refund(system, paid, key="k", **other)

    assert (reply.status, reply.problem) == (422, "key-reused")


def test_without_a_key_each_request_is_another_refund(system: System, paid: Order) -> None:
    first, second = refund(system, paid, 1000), refund(system, paid, 1000)

    assert first.json["id"] != second.json["id"]
    assert paid.refunds(system) == [(1000, "PENDING"), (1000, "PENDING")]


@pytest.mark.parametrize("who", ["buyer", "another organiser", "a stranger"])
def test_only_the_organiser_of_the_event_gives_back(system: System, paid: Order, who: str) -> None:
    roles = () if who == "a stranger" else ("organiser",)
    by = Person(*roles, user_id=paid.buyer.user_id if who == "buyer" else None)

    reply = refund(system, paid, by=by)

    assert (reply.status, reply.problem) == ((404, "payment-unknown") if roles else (403, "role-missing"))
    assert paid.refunds(system) == []


def test_a_payment_that_is_not_there_is_not_given_back(system: System) -> None:
    assert refund(system, Order()).problem == "payment-unknown"


@pytest.mark.parametrize("state", ["open", "free", "cancelled"])
def test_only_money_that_was_received_goes_back(system: System, provider: Provider, state: str) -> None:
    order = Order(prices=0 if state == "free" else 5000)
    system.deliver(order.ordered(), "payment.on_booking_ordered")
    system.deliver(order.show(BOSS), KEEP)
    if state == "cancelled":
        system.deliver(order.cancelled(), CANCELLED)

    reply = refund(system, order, 1 if state == "open" else None)

    assert (reply.status, reply.problem) == (409, "not-refundable")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount": 0, "reason": REASON}, "/amount"), ({"amount": -1, "reason": REASON}, "/amount"),
        ({"amount": 1.5, "reason": REASON}, "/amount"), ({"amount": "1", "reason": REASON}, "/amount"),
        ({"amount": True, "reason": REASON}, "/amount"), ({"amount": 10**13, "reason": REASON}, "/amount"),
        ({"amount": 1}, "/reason"), ({"reason": ""}, "/reason"), ({"reason": "  "}, "/reason"),
        ({"reason": "x" * 201}, "/reason"), ({"reason": "a\nb"}, "/reason"), ({"reason": 7}, "/reason"),
        ({"reason": REASON, "currency": "EUR"}, "/currency"),
    ],
)  # fmt: skip
def test_what_is_no_refund_is_refused(system: System, paid: Order, body: dict[str, Any], pointer: str) -> None:
    reply = system.http(f"POST /v1/payments/{paid.payment_id}/refund", body, by=BOSS)

    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, pointer)


def test_a_payment_has_no_end_of_refunds(system: System, paid: Order) -> None:
    for _ in range(50):
        assert refund(system, paid, 1).status == 201

    one_more, cancelled = refund(system, paid, 1), system.deliver(paid.cancelled(), CANCELLED)

    assert (one_more.status, one_more.problem) == (409, "too-many-refunds")
    assert taken(cancelled)
    assert paid.refunds(system)[-1] == (4950, "PENDING")


def test_an_outage_loses_no_refund_and_doubles_none(system: System, paid: Order, provider: Provider) -> None:
    refund(system, paid, 2000)
    provider.down = True
    away = [paid.send_back(system, tries=tries) for tries in (1, 5)]
    provider.down, provider.lost_replies = False, 1
    lost, last = paid.send_back(system), paid.send_back(system)

    asked = [one.key for one in provider.calls if one.call.endswith("/refunds")]
    (row,) = paid.stored(system)["refunds"]
    assert (away, lost, last) == ([False, False], False, True)
    assert asked == [f"{paid.payment_id}:refund:{row['id']}"] * 2
    assert (paid.refunds(system), at_provider(system)) == ([(2000, "SUCCEEDED")], 2000)


@pytest.mark.parametrize("first", ["its reply was lost", "it never got there"])
def test_a_message_that_comes_again_when_the_provider_has_forgotten_its_key_doubles_nothing(
    system: System, paid: Order, provider: Provider, clock: Clock, first: str
) -> None:
    refund(system, paid, 1000)
    paid.send_back(system)
    refund(system, paid, 2000)
    provider.down, provider.lost_replies = first == "it never got there", 1
    paid.send_back(system)
    provider.down, provider.lost_replies = False, 0
    made = len(provider.refunds())
    clock.pass_by(days=9)

    assert paid.send_back(system)

    assert len(provider.refunds()) == (made if first == "its reply was lost" else made + 1)
    assert (paid.refunds(system), at_provider(system)) == ([(1000, "SUCCEEDED"), (2000, "SUCCEEDED")], 3000)


def test_a_refund_that_the_provider_refuses_is_shown_alarms_and_can_be_asked_for_again(
    system: System, paid: Order, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.refusals.append(("/refunds", {"code": "balance_insufficient", "message": "no"}))
    refund(system, paid, 2000)
    assert paid.send_back(system)
    failed, out = shown(system, paid, BOSS), capsys.readouterr().out

    again = refund(system, paid, 5000)
    paid.send_back(system)

    assert (failed["status"], failed["refunded"], failed["refunds"][0]["status"]) == ("SUCCEEDED", 0, "FAILED")
    assert failed["refunds"][0]["ended_at"] is not None
    assert '"RefundsFailed"' in out
    assert again.status == 201
    assert paid.refunds(system) == [(2000, "FAILED"), (5000, "SUCCEEDED")]


def test_a_refusal_beside_others_leaves_them_waiting(system: System, paid: Order, provider: Provider) -> None:
    for amount in (1000, 2000):
        refund(system, paid, amount)
    provider.refusals.append(("/refunds", {"code": "balance_insufficient"}))
    (first, _) = paid.stored(system)["refunds"]

    system.deliver(paid.refund_requested(first), "payment.on_refund_requested")

    assert paid.stored(system)["status"] == "REFUNDING"
    assert paid.refunds(system) == [(1000, "FAILED"), (2000, "PENDING")]


def test_a_part_that_fails_afterwards_is_left_again(system: System, paid: Order, provider: Provider) -> None:
    for amount in (1000, 2000):
        refund(system, paid, amount)
        paid.send_back(system)
    first, _ = paid.stored(system)["refunds"]
    about = {"payment_id": paid.payment_id, "refund_key": f"{paid.payment_id}:refund:{first['id']}"}
    failed = {"id": "re_1", "object": "refund", "status": "failed", "metadata": about}

    provider.tell({"id": "evt_f", "type": "refund.failed", "created": 1, "data": {"object": failed}})

    item = paid.stored(system)
    assert (item["status"], item["refunded"]) == ("SUCCEEDED", 2000)
    assert paid.refunds(system) == [(1000, "FAILED"), (2000, "SUCCEEDED")]
    assert refund(system, paid, 3001).json["left"] == 3000


# -- because the booking ended -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "at_most", "after"),
    [
        (None, None, [5000]), (None, 5000, [5000]), (None, 2500, [2500]), (None, 0, []),
        (1000, None, [1000, 4000]), (1000, 2500, [1000, 2500]), (4000, 2500, [4000, 1000]), (5000, 2500, [5000]),
        (5000, None, [5000]), (1000, 0, [1000]), (None, 9999, [5000]),
    ],
)  # fmt: skip
def test_a_cancelled_booking_gives_back_what_it_says_and_never_more_than_is_left(
    system: System, paid: Order, provider: Provider, before: int | None, at_most: int | None, after: list[int]
) -> None:
    if before:
        refund(system, paid, before)
        paid.send_back(system)

    for _ in range(2):
        assert taken(system.deliver(paid.cancelled(refund=at_most), CANCELLED))
        assert paid.send_back(system)

    assert paid.refunds(system) == [(amount, "SUCCEEDED") for amount in after]
    assert (paid.stored(system)["refunded"], at_provider(system)) == (sum(after), sum(after))
    assert paid.stored(system)["status"] == ("REFUNDED" if sum(after) == 5000 else "SUCCEEDED")


def test_a_part_that_was_refused_is_tried_anew_when_it_is_heard_again(
    system: System, paid: Order, provider: Provider
) -> None:
    provider.refusals.append(("/refunds", {"code": "balance_insufficient"}))
    for _ in range(3):
        system.deliver(paid.cancelled(refund=2500), CANCELLED)
        paid.send_back(system)

    assert paid.refunds(system) == [(2500, "FAILED"), (2500, "SUCCEEDED")]


def test_two_ends_of_one_booking_give_back_once(system: System, paid: Order, provider: Provider) -> None:
    system.deliver(paid.cancelled(), CANCELLED)
    system.deliver(paid.failed("cancelled"), FAILED)
    paid.send_back(system)

    assert paid.refunds(system) == [(5000, "SUCCEEDED")]


# -- who organises an event ----------------------------------------------------------------------------


def test_the_newest_terms_say_who_organises_in_any_order(system: System, paid: Order) -> None:
    other = Person("organiser")
    newer = EventChanged.model_validate(paid.show(other, version=3).model_dump())
    older = EventCancelled.model_validate(paid.show(BOSS, version=2).model_dump())

    for terms in (newer, older):
        assert taken(system.deliver(terms, KEEP))

    assert refund(system, paid, 1, by=BOSS).problem == "payment-unknown"
    assert refund(system, paid, 1, by=other).status == 201


def test_the_organiser_sees_the_payment_but_not_the_page_to_pay_on(
    system: System, order: Order, provider: Provider, clock: Clock
) -> None:
    system.deliver(order.show(BOSS), KEEP)
    system.http("POST /v1/payments", order.request, by=order.buyer)

    mine, theirs = shown(system, order), shown(system, order, BOSS)

    assert mine["checkout_url"].startswith("https://tickets.test/sandbox/pay/")
    assert (theirs["id"], theirs["checkout_url"]) == (order.payment_id, None)
