"""Refunds by the organiser and for ended bookings: bounded, sent once, and published."""

from typing import Any

import pytest

from common.bus.events import EventCancelled, EventChanged
from infra import topology
from tests.support.drivers.payment_driver import Order, all_acknowledged, outbox_entries
from tests.support.drivers.provider import ProviderNetwork
from tests.support.faults.aws_errors import interleaved
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import HttpResponse, Person, System

ORGANISER, ADMIN, ON_EVENT_CHANGED = Person("organiser"), Person("admin"), "payment.on_event_changed"
CANCELLED, FAILED = "payment.on_booking_cancelled", "payment.on_booking_failed"
REASON = "The bar was shut."


@pytest.fixture
def paid(system: System, order: Order, provider: ProviderNetwork) -> Order:
    """A paid order of 50.00 EUR for an event of ORGANISER's."""
    system.deliver(order.event_published(ORGANISER), ON_EVENT_CHANGED)
    provider.pay(order.buyer, order.id, order.prices)
    return order


def refund(
    system: System,
    order: Order,
    amount: int | None = None,
    *,
    by: Person = ORGANISER,
    key: str | None = None,
    **more: Any,
) -> HttpResponse:
    request = {"reason": REASON} | ({} if amount is None else {"amount": amount}) | more
    return system.http(f"POST /v1/payments/{order.payment_id}/refund", request, by=by, key=key)


def get_payment(system: System, order: Order, by: Person | None = None) -> Any:
    return system.http(f"GET /v1/payments/{order.payment_id}", by=by or order.buyer).json


def refunded_at_provider(system: System) -> int:
    """The total that the provider has refunded, in minor units."""
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    return int(session.get("amount_refunded", 0))


@pytest.mark.parametrize("by", [ORGANISER, ADMIN], ids=["organiser", "admin"])
def test_refund_without_amount_refunds_the_remainder(
    system: System, paid: Order, provider: ProviderNetwork, by: Person
) -> None:
    requested = refund(system, paid, by=by)
    waiting = get_payment(system, paid)
    paid.deliver_refunds(system)

    item = paid.stored_payment(system)
    assert (requested.status, requested.headers["location"]) == (201, f"/v1/payments/{paid.payment_id}")
    expected = {
        "amount": 5000,
        "reason": REASON,
        "by": "admin" if by is ADMIN else by.user_id,
        "status": "PENDING",
        "ended_at": None,
    }
    assert expected.items() <= requested.json.items()
    assert (waiting["status"], waiting["refunds"]) == ("REFUNDING", [requested.json])
    assert (item["status"], item["refunded"], refunded_at_provider(system)) == ("REFUNDED", 5000, 5000)
    assert outbox_entries(item) == [{"bus_event": "PaymentRefunded.v1", "amount": 5000}]


def test_partial_refunds_keep_payment_succeeded_until_fully_refunded(
    system: System, paid: Order, provider: ProviderNetwork
) -> None:
    states = []
    for amount in (1000, 1500, None):
        refund(system, paid, amount)
        assert paid.deliver_refunds(system)
        item = paid.stored_payment(system)
        states.append((item["status"], item["refunded"], outbox_entries(item)[0]["amount"]))

    assert states == [("SUCCEEDED", 1000, 1000), ("SUCCEEDED", 2500, 1500), ("REFUNDED", 5000, 2500)]
    assert refunded_at_provider(system) == 5000
    assert paid.actions(system)[-6:] == ["refund", "part_refund", "refund", "part_refund", "refund", "finish_refund"]


@pytest.mark.parametrize("backwards", [False, True])
def test_pending_refunds_are_sent_in_any_order(
    system: System, paid: Order, provider: ProviderNetwork, backwards: bool
) -> None:
    for amount in (1000, 1500):
        refund(system, paid, amount)
    rows = paid.stored_payment(system)["refunds"]

    for one in reversed(rows) if backwards else rows:
        system.deliver(paid.refund_requested(one), "payment.on_refund_requested")

    item = paid.stored_payment(system)
    assert (item["status"], item["refunded"], refunded_at_provider(system)) == ("SUCCEEDED", 2500, 2500)
    assert paid.actions(system)[-2:] == ["refund_settled", "part_refund"]


@pytest.mark.parametrize("amount", [5001, 10**12])
def test_refund_above_the_payment_names_the_refundable_amount(system: System, paid: Order, amount: int) -> None:
    response = refund(system, paid, amount)

    assert (response.status, response.problem, response.json["left"]) == (409, "refund-exceeds-payment", 5000)
    assert response.json["errors"][0]["pointer"] == "/amount"
    assert "5000" in response.json["detail"]
    assert paid.stored_payment(system)["status"] == "SUCCEEDED"


def test_pending_refund_reduces_the_refundable_amount(system: System, paid: Order) -> None:
    refund(system, paid, 4000)

    too_much, rest, nothing = refund(system, paid, 1001), refund(system, paid, 1000), refund(system, paid)

    assert (too_much.problem, too_much.json["left"]) == ("refund-exceeds-payment", 1000)
    assert rest.status == 201
    assert (nothing.problem, nothing.json["left"]) == ("refund-exceeds-payment", 0)


def test_refund_overtaken_by_another_sees_its_remainder(system: System, paid: Order) -> None:
    with interleaved("UpdateItem", lambda: refund(system, paid, 3000)):
        response = refund(system, paid, 3000)

    assert (response.problem, response.json["left"]) == ("refund-exceeds-payment", 2000)
    assert paid.refunds(system) == [(3000, "PENDING")]


def test_refund_overtaken_by_cancellation_is_rejected(system: System, paid: Order) -> None:
    with interleaved("UpdateItem", lambda: system.deliver(paid.booking_cancelled(), CANCELLED)):
        response = refund(system, paid, 100)

    assert (response.problem, response.json["left"]) == ("refund-exceeds-payment", 0)


def test_cancellation_overtaken_by_refund_refunds_the_remainder(
    system: System, paid: Order, provider: ProviderNetwork
) -> None:
    with interleaved("UpdateItem", lambda: refund(system, paid, 1200)):
        assert all_acknowledged(system.deliver(paid.booking_cancelled(), CANCELLED))
    paid.deliver_refunds(system)

    assert paid.refunds(system) == [(1200, "SUCCEEDED"), (3800, "SUCCEEDED")]
    assert (paid.stored_payment(system)["status"], refunded_at_provider(system)) == ("REFUNDED", 5000)


def test_one_key_refunds_once(system: System, paid: Order, provider: ProviderNetwork) -> None:
    first = refund(system, paid, 1000, key="k")
    paid.deliver_refunds(system)
    again = refund(system, paid, 1000, key="k")

    assert (again.status, again.headers["idempotency-replayed"]) == (201, "true")
    assert (again.json["id"], again.json["status"]) == (first.json["id"], "SUCCEEDED")
    assert (paid.refunds(system), refunded_at_provider(system)) == ([(1000, "SUCCEEDED")], 1000)


def test_key_replays_its_response_when_nothing_is_refundable(system: System, paid: Order) -> None:
    refund(system, paid, key="k")

    assert refund(system, paid, key="k").headers["idempotency-replayed"] == "true"
    assert refund(system, paid, key="l").problem == "refund-exceeds-payment"


@pytest.mark.parametrize("other", [{"amount": 999}, {"amount": 1000, "reason": "Another."}], ids=str)
def test_reused_key_with_other_request_is_rejected(system: System, paid: Order, other: dict[str, Any]) -> None:
    refund(system, paid, 1000, key="k")

    response = refund(system, paid, key="k", **other)

    assert (response.status, response.problem) == (422, "idempotency-key-reused")


def test_requests_without_a_key_are_separate_refunds(system: System, paid: Order) -> None:
    first, second = refund(system, paid, 1000), refund(system, paid, 1000)

    assert first.json["id"] != second.json["id"]
    assert paid.refunds(system) == [(1000, "PENDING"), (1000, "PENDING")]


@pytest.mark.parametrize("who", ["buyer", "another organiser", "a stranger"])
def test_only_the_event_organiser_can_refund(system: System, paid: Order, who: str) -> None:
    roles = () if who == "a stranger" else ("organiser",)
    by = Person(*roles, user_id=paid.buyer.user_id if who == "buyer" else None)

    response = refund(system, paid, by=by)

    assert (response.status, response.problem) == ((404, "payment-not-found") if roles else (403, "role-missing"))
    assert paid.refunds(system) == []


def test_refund_of_unknown_payment_is_not_found(system: System) -> None:
    assert refund(system, Order()).problem == "payment-not-found"


@pytest.mark.parametrize("state", ["open", "free", "cancelled"])
def test_unpaid_payment_is_not_refundable(system: System, provider: ProviderNetwork, state: str) -> None:
    order = Order(prices=0 if state == "free" else 5000)
    system.deliver(order.booking_ordered(), "payment.on_booking_ordered")
    system.deliver(order.event_published(ORGANISER), ON_EVENT_CHANGED)
    if state == "cancelled":
        system.deliver(order.booking_cancelled(), CANCELLED)

    response = refund(system, order, 1 if state == "open" else None)

    assert (response.status, response.problem) == (409, "nothing-to-refund")


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
def test_invalid_refund_request_names_the_field(
    system: System, paid: Order, body: dict[str, Any], pointer: str
) -> None:
    response = system.http(f"POST /v1/payments/{paid.payment_id}/refund", body, by=ORGANISER)

    assert (response.status, response.json["errors"][0]["pointer"]) == (422, pointer)


def test_payment_has_at_most_fifty_requested_refunds(system: System, paid: Order) -> None:
    for _ in range(50):
        assert refund(system, paid, 1).status == 201

    one_more, cancelled = refund(system, paid, 1), system.deliver(paid.booking_cancelled(), CANCELLED)

    assert (one_more.status, one_more.problem) == (409, "too-many-refunds")
    assert all_acknowledged(cancelled)
    assert paid.refunds(system)[-1] == (4950, "PENDING")


def test_provider_outage_neither_loses_nor_doubles_refunds(
    system: System, paid: Order, provider: ProviderNetwork
) -> None:
    refund(system, paid, 2000)
    provider.is_down = True
    during_outage = [paid.deliver_refunds(system, tries=tries) for tries in (1, 5)]
    provider.is_down, provider.lost_replies = False, 1
    lost, last = paid.deliver_refunds(system), paid.deliver_refunds(system)

    keys = [one.key for one in provider.calls if one.call.endswith("/refunds")]
    (row,) = paid.stored_payment(system)["refunds"]
    assert (during_outage, lost, last) == ([False, False], False, True)
    assert keys == [f"{paid.payment_id}:refund:{row['id']}"] * 2
    assert (paid.refunds(system), refunded_at_provider(system)) == ([(2000, "SUCCEEDED")], 2000)


@pytest.mark.parametrize("first", ["its reply was lost", "it never got there"])
def test_redelivery_after_key_lifetime_refunds_only_once(
    system: System, paid: Order, provider: ProviderNetwork, clock: MovableClock, first: str
) -> None:
    refund(system, paid, 1000)
    paid.deliver_refunds(system)
    refund(system, paid, 2000)
    provider.is_down, provider.lost_replies = first == "it never got there", 1
    paid.deliver_refunds(system)
    provider.is_down, provider.lost_replies = False, 0
    refund_count = len(provider.successful_refunds())
    clock.advance(days=9)

    assert paid.deliver_refunds(system)

    assert len(provider.successful_refunds()) == (refund_count if first == "its reply was lost" else refund_count + 1)
    assert (paid.refunds(system), refunded_at_provider(system)) == ([(1000, "SUCCEEDED"), (2000, "SUCCEEDED")], 3000)


def test_rejected_refund_is_shown_alarms_and_can_be_retried(
    system: System, paid: Order, provider: ProviderNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.error_responses.append(("/refunds", {"code": "balance_insufficient", "message": "no"}))
    refund(system, paid, 2000)
    assert paid.deliver_refunds(system)
    failed, out = get_payment(system, paid, ORGANISER), capsys.readouterr().out

    again = refund(system, paid, 5000)
    paid.deliver_refunds(system)

    assert (failed["status"], failed["refunded"], failed["refunds"][0]["status"]) == ("SUCCEEDED", 0, "FAILED")
    assert failed["refunds"][0]["ended_at"] is not None
    assert '"RefundsFailed"' in out
    assert again.status == 201
    assert paid.refunds(system) == [(2000, "FAILED"), (5000, "SUCCEEDED")]


def test_rejected_refund_leaves_other_refunds_pending(system: System, paid: Order, provider: ProviderNetwork) -> None:
    for amount in (1000, 2000):
        refund(system, paid, amount)
    provider.error_responses.append(("/refunds", {"code": "balance_insufficient"}))
    (first, _) = paid.stored_payment(system)["refunds"]

    system.deliver(paid.refund_requested(first), "payment.on_refund_requested")

    assert paid.stored_payment(system)["status"] == "REFUNDING"
    assert paid.refunds(system) == [(1000, "FAILED"), (2000, "PENDING")]


def test_refund_failing_later_becomes_refundable_again(system: System, paid: Order, provider: ProviderNetwork) -> None:
    for amount in (1000, 2000):
        refund(system, paid, amount)
        paid.deliver_refunds(system)
    first, _ = paid.stored_payment(system)["refunds"]
    metadata = {"payment_id": paid.payment_id, "refund_key": f"{paid.payment_id}:refund:{first['id']}"}
    failed = {"id": "re_1", "object": "refund", "status": "failed", "metadata": metadata}

    provider.deliver_event({"id": "evt_f", "type": "refund.failed", "created": 1, "data": {"object": failed}})

    item = paid.stored_payment(system)
    assert (item["status"], item["refunded"]) == ("SUCCEEDED", 2000)
    assert paid.refunds(system) == [(1000, "FAILED"), (2000, "SUCCEEDED")]
    assert refund(system, paid, 3001).json["left"] == 3000


# -- ended bookings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "max_amount", "after"),
    [
        (None, None, [5000]), (None, 5000, [5000]), (None, 2500, [2500]), (None, 0, []),
        (1000, None, [1000, 4000]), (1000, 2500, [1000, 2500]), (4000, 2500, [4000, 1000]), (5000, 2500, [5000]),
        (5000, None, [5000]), (1000, 0, [1000]), (None, 9999, [5000]),
    ],
)  # fmt: skip
def test_cancelled_booking_refunds_its_amount_up_to_the_remainder(
    system: System, paid: Order, provider: ProviderNetwork, before: int | None, max_amount: int | None, after: list[int]
) -> None:
    if before:
        refund(system, paid, before)
        paid.deliver_refunds(system)

    for _ in range(2):
        assert all_acknowledged(system.deliver(paid.booking_cancelled(refund=max_amount), CANCELLED))
        assert paid.deliver_refunds(system)

    assert paid.refunds(system) == [(amount, "SUCCEEDED") for amount in after]
    assert (paid.stored_payment(system)["refunded"], refunded_at_provider(system)) == (sum(after), sum(after))
    assert paid.stored_payment(system)["status"] == ("REFUNDED" if sum(after) == 5000 else "SUCCEEDED")


def test_rejected_partial_refund_is_retried_on_redelivery(
    system: System, paid: Order, provider: ProviderNetwork
) -> None:
    provider.error_responses.append(("/refunds", {"code": "balance_insufficient"}))
    for _ in range(3):
        system.deliver(paid.booking_cancelled(refund=2500), CANCELLED)
        paid.deliver_refunds(system)

    assert paid.refunds(system) == [(2500, "FAILED"), (2500, "SUCCEEDED")]


def test_cancelled_and_failed_booking_is_refunded_once(system: System, paid: Order, provider: ProviderNetwork) -> None:
    system.deliver(paid.booking_cancelled(), CANCELLED)
    system.deliver(paid.booking_failed("cancelled"), FAILED)
    paid.deliver_refunds(system)

    assert paid.refunds(system) == [(5000, "SUCCEEDED")]


# -- the copy of the event ----------------------------------------------------------------------------


def test_newest_event_copy_decides_the_organiser(system: System, paid: Order) -> None:
    other = Person("organiser")
    newer = EventChanged.model_validate(paid.event_published(other, version=3).model_dump())
    older = EventCancelled.model_validate(paid.event_published(ORGANISER, version=2).model_dump())

    for terms in (newer, older):
        assert all_acknowledged(system.deliver(terms, ON_EVENT_CHANGED))

    assert refund(system, paid, 1, by=ORGANISER).problem == "payment-not-found"
    assert refund(system, paid, 1, by=other).status == 201


def test_organiser_sees_the_payment_without_its_checkout_url(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock
) -> None:
    system.deliver(order.event_published(ORGANISER), ON_EVENT_CHANGED)
    system.http("POST /v1/payments", order.request, by=order.buyer)

    buyer_view, organiser_view = get_payment(system, order), get_payment(system, order, ORGANISER)

    assert buyer_view["checkout_url"].startswith("https://tickets.test/sandbox/pay/")
    assert (organiser_view["id"], organiser_view["checkout_url"]) == (order.payment_id, None)
