"""What payment counts and logs of its outcomes: dashboards and alarms are made of these names."""

import json
from typing import Any

import pytest

from common import ids
from tests.support.lines import Lines, Outcomes
from tests.support.orders import HOLD, Clock, Order
from tests.support.provider import Delivery, Provider, signed
from tests.support.system import Person, Reply, System

BOSS = Person("organiser")


def start(system: System, order: Order) -> Reply:
    return system.http("POST /v1/payments", order.request, by=order.buyer)


def refund(system: System, order: Order, amount: int, key: str | None = None) -> Reply:
    wanted = {"reason": "Rain.", "amount": amount}
    return system.http(f"POST /v1/payments/{order.payment_id}/refund", wanted, by=BOSS, key=key)


def told_of_refund(order: Order, row: dict[str, Any], status: str) -> dict[str, Any]:
    about = {"payment_id": order.payment_id, "refund_key": f"{order.payment_id}:refund:{row['id']}"}
    found = {"id": "re_1", "object": "refund", "status": status, "metadata": about}
    return {"id": f"evt_{status}", "type": "refund.updated", "created": 1, "data": {"object": found}}


@pytest.fixture
def paid(system: System, order: Order, provider: Provider, outcomes: Outcomes) -> Order:
    """An order of 50.00 EUR that was paid; what was counted of that is forgotten."""
    system.deliver(order.show(BOSS), "payment.keep_event")
    provider.pay(order.buyer, order.id, order.prices)
    outcomes.clear()
    return order


def of(lines: Lines, message: str) -> tuple[str, dict[str, Any]]:
    """The level of the only line that says so, and what it names."""
    (found,) = lines.said(message)
    named = ("payment_id", "provider_payment", "provider_event", "provider_type", "refund_key")
    return found.levelname, {name: value for name, value in vars(found).items() if name in named}


def test_a_payment_that_is_started_and_paid_is_counted_once(
    system: System, order: Order, provider: Provider, outcomes: Outcomes
) -> None:
    provider.pay(order.buyer, order.id, order.prices)
    provider.send(provider.webhooks[-1])

    assert outcomes == [("PaymentsStarted", 1), ("PaymentsReceived", 1)]


def test_a_page_that_cannot_be_opened_is_counted_and_says_why(
    system: System, order: Order, provider: Provider, outcomes: Outcomes, lines: Lines
) -> None:
    provider.down = True

    start(system, order)

    assert outcomes == [("CheckoutsFailed", 1)]
    (said,) = lines.said("checkout not opened")
    assert (said.levelname, bool(said.exc_info)) == ("WARNING", True)


def test_a_page_that_the_provider_refuses_is_an_error_of_that_payment(
    system: System, order: Order, provider: Provider, outcomes: Outcomes, lines: Lines
) -> None:
    provider.refusals.append(("/checkout/sessions", {"code": "amount_too_small", "message": "At least 0.50."}))

    start(system, order)

    assert outcomes == [("CheckoutsRefused", 1)]
    assert of(lines, "checkout refused") == ("ERROR", {"payment_id": order.payment_id})
    assert "At least 0.50." in lines.text()


def test_a_page_that_cannot_be_looked_at_is_given_all_the_same_and_says_why(
    system: System, order: Order, provider: Provider, lines: Lines
) -> None:
    start(system, order)
    provider.down = True

    start(system, order)

    (said,) = lines.said("page not looked at")
    assert (said.levelname, bool(said.exc_info)) == ("WARNING", True)


def test_a_declined_card_is_counted_and_not_once_it_is_paid(
    system: System, order: Order, provider: Provider, outcomes: Outcomes
) -> None:
    def declined(event: str) -> None:
        intent = {"id": "pi_x", "metadata": {"payment_id": order.payment_id}}
        kind = "payment_intent.payment_failed"
        provider.tell({"id": event, "type": kind, "created": 1, "data": {"object": intent}})

    start(system, order)
    declined("evt_1")
    provider.pay(order.buyer, order.id, order.prices)
    declined("evt_2")

    assert [name for name, _ in outcomes] == ["PaymentsStarted", "PaymentsDeclined", "PaymentsReceived"]


def test_a_payment_that_ends_unpaid_is_counted(
    system: System, order: Order, provider: Provider, clock: Clock, outcomes: Outcomes
) -> None:
    clock.now += HOLD

    system.deliver(order.ordered(), "payment.close_payment")

    assert [one for one in outcomes if one[0] != "HoldLateness"] == [("PaymentsClosed", 1)]


def test_money_that_comes_after_the_end_is_counted_as_late(
    system: System, order: Order, provider: Provider, clock: Clock, outcomes: Outcomes
) -> None:
    provider.held = True
    provider.pay(order.buyer, order.id, order.prices)
    late = provider.webhooks[-1].event
    other = Order(buyer=order.buyer)
    system.deliver(other.ordered(), "payment.on_booking_ordered")
    system.deliver(other.cancelled(), "payment.on_booking_cancelled")
    outcomes.clear()
    session = late["data"]["object"] | {"metadata": {"payment_id": other.payment_id}}
    session |= {"client_reference_id": other.payment_id}

    provider.tell(late | {"id": "evt_late", "data": {"object": session}})

    assert outcomes == [("PaymentsReceivedLate", 1)]


def test_a_refund_is_counted_when_it_is_asked_for_and_when_it_went(
    system: System, paid: Order, provider: Provider, outcomes: Outcomes
) -> None:
    for _ in range(2):
        refund(system, paid, 1000, "k")
    asked = list(outcomes)
    paid.send_back(system)
    provider.tell(told_of_refund(paid, paid.stored(system)["refunds"][0], "succeeded"))

    assert asked == [("RefundsRequested", 1)]
    assert outcomes == [*asked, ("PaymentsRefunded", 1)]


def test_a_refund_that_the_provider_tells_of_first_is_counted_once(
    system: System, paid: Order, provider: Provider, outcomes: Outcomes
) -> None:
    refund(system, paid, 1000)
    (row,) = paid.stored(system)["refunds"]
    outcomes.clear()

    provider.tell(told_of_refund(paid, row, "succeeded"))
    system.deliver(paid.refund_requested(row), "payment.on_refund_requested")

    assert outcomes == [("PaymentsRefunded", 1)]


@pytest.mark.parametrize("how", ["refused", "failed afterwards"])
def test_a_refund_that_fails_is_an_error_that_names_it(
    system: System, paid: Order, provider: Provider, outcomes: Outcomes, lines: Lines, how: str
) -> None:
    refund(system, paid, 1000)
    (row,) = paid.stored(system)["refunds"]
    outcomes.clear()

    provider.refusals += [("/refunds", {"code": "charge_disputed"})] if how == "refused" else []
    paid.send_back(system)
    provider.tell(told_of_refund(paid, row, "failed"))

    assert outcomes[-1:] == [("RefundsFailed", 1)]
    about = {"payment_id": paid.payment_id, "refund_key": f"{paid.payment_id}:refund:{row['id']}"}
    assert of(lines, "refund failed") == ("ERROR", about)


@pytest.mark.parametrize("refused", [False, True])
def test_money_of_another_amount_is_counted_and_named(
    system: System, order: Order, provider: Provider, outcomes: Outcomes, lines: Lines, refused: bool
) -> None:
    provider.held = True
    provider.pay(order.buyer, order.id, order.prices)
    event = provider.webhooks[-1].event
    event["data"]["object"]["amount_total"] = 4000
    if refused:
        provider.refusals.append(("/refunds", {"code": "charge_disputed"}))
    outcomes.clear()

    provider.tell(event)

    intent = event["data"]["object"]["payment_intent"]
    assert outcomes == [("ProviderAmountMismatch", 1), *([("RefundsFailed", 1)] if refused else [])]
    assert of(lines, "stray money") == ("ERROR", {"payment_id": order.payment_id, "provider_payment": intent})
    if refused:
        assert of(lines, "stray money not refunded") == ("ERROR", {"payment_id": order.payment_id})


def test_what_is_not_ours_is_counted_and_named(provider: Provider, outcomes: Outcomes, lines: Lines) -> None:
    subject = {"id": "cs_1", "metadata": {"payment_id": ids.new()}}

    provider.tell({"id": "evt_n", "type": "checkout.session.expired", "created": 1, "data": {"object": subject}})

    assert outcomes == [("ProviderEventsIgnored", 1)]
    assert of(lines, "ignored") == ("INFO", {"provider_event": "evt_n", "provider_type": "checkout.session.expired"})


def test_an_event_that_comes_again_is_named_and_a_forged_one_counted(
    system: System, order: Order, provider: Provider, outcomes: Outcomes, lines: Lines
) -> None:
    provider.pay(order.buyer, order.id, order.prices)
    event = provider.webhooks[-1].event
    outcomes.clear()

    again = provider.tell(event)
    event["data"]["object"]["amount_total"] = 1
    forged = provider.send(Delivery(body := json.dumps(event).encode(), signed(body).headers))

    assert (again.status, forged.problem) == (200, "event-id-reused")
    assert of(lines, "seen before") == ("INFO", {"provider_event": event["id"]})
    assert outcomes == [("ProviderEventsForged", 1)]
