"""Metrics and log lines of payment: dashboards and alarms depend on these names."""

import json
from typing import Any

import pytest

from common import ids
from tests.support.drivers.payment_driver import HOLD_TIME, Order
from tests.support.drivers.provider import ProviderNetwork, WebhookRequest, sign_webhook
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.log_capture import LogCapture, RecordedMetrics
from tests.support.system.system import HttpResponse, Person, System

ORGANISER = Person("organiser")


def start(system: System, order: Order) -> HttpResponse:
    return system.http("POST /v1/payments", order.request, by=order.buyer)


def refund(system: System, order: Order, amount: int, key: str | None = None) -> HttpResponse:
    request = {"reason": "Rain.", "amount": amount}
    return system.http(f"POST /v1/payments/{order.payment_id}/refund", request, by=ORGANISER, key=key)


def refund_event(order: Order, row: dict[str, Any], status: str) -> dict[str, Any]:
    metadata = {"payment_id": order.payment_id, "refund_key": f"{order.payment_id}:refund:{row['id']}"}
    refund_object = {"id": "re_1", "object": "refund", "status": status, "metadata": metadata}
    return {"id": f"evt_{status}", "type": "refund.updated", "created": 1, "data": {"object": refund_object}}


@pytest.fixture
def paid(system: System, order: Order, provider: ProviderNetwork, metrics: RecordedMetrics) -> Order:
    """A paid order of 50.00 EUR; its metrics are cleared."""
    system.deliver(order.event_published(ORGANISER), "payment.on_event_changed")
    provider.pay(order.buyer, order.id, order.prices)
    metrics.clear()
    return order


def log_fields(logs: LogCapture, message: str) -> tuple[str, dict[str, Any]]:
    """The level and the fields of the only log line with this message."""
    (record,) = logs.with_message(message)
    field_names = ("payment_id", "provider_payment", "provider_event", "provider_type", "refund_key")
    return record.levelname, {name: value for name, value in vars(record).items() if name in field_names}


def test_started_and_paid_payment_is_counted_once(
    system: System, order: Order, provider: ProviderNetwork, metrics: RecordedMetrics
) -> None:
    provider.pay(order.buyer, order.id, order.prices)
    provider.send_webhook(provider.webhooks[-1])

    assert metrics == [("PaymentsStarted", 1), ("PaymentsReceived", 1)]


def test_failed_checkout_creation_is_counted_and_logged(
    system: System, order: Order, provider: ProviderNetwork, metrics: RecordedMetrics, logs: LogCapture
) -> None:
    provider.is_down = True

    start(system, order)

    assert metrics == [("CheckoutsFailed", 1)]
    (record,) = logs.with_message("checkout not opened")
    assert (record.levelname, bool(record.exc_info)) == ("WARNING", True)


def test_rejected_checkout_logs_an_error_naming_the_payment(
    system: System, order: Order, provider: ProviderNetwork, metrics: RecordedMetrics, logs: LogCapture
) -> None:
    provider.error_responses.append(("/checkout/sessions", {"code": "amount_too_small", "message": "At least 0.50."}))

    start(system, order)

    assert metrics == [("CheckoutsRefused", 1)]
    assert log_fields(logs, "checkout refused") == ("ERROR", {"payment_id": order.payment_id})
    assert "At least 0.50." in logs.text()


def test_failed_checkout_sync_logs_a_warning(
    system: System, order: Order, provider: ProviderNetwork, logs: LogCapture
) -> None:
    start(system, order)
    provider.is_down = True

    start(system, order)

    (record,) = logs.with_message("checkout lookup failed")
    assert (record.levelname, bool(record.exc_info)) == ("WARNING", True)


def test_declined_card_is_counted_only_before_payment(
    system: System, order: Order, provider: ProviderNetwork, metrics: RecordedMetrics
) -> None:
    def declined(event: str) -> None:
        intent = {"id": "pi_x", "metadata": {"payment_id": order.payment_id}}
        kind = "payment_intent.payment_failed"
        provider.deliver_event({"id": event, "type": kind, "created": 1, "data": {"object": intent}})

    start(system, order)
    declined("evt_1")
    provider.pay(order.buyer, order.id, order.prices)
    declined("evt_2")

    assert [name for name, _ in metrics] == ["PaymentsStarted", "PaymentsDeclined", "PaymentsReceived"]


def test_unpaid_payment_is_counted_as_closed(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock, metrics: RecordedMetrics
) -> None:
    clock.now += HOLD_TIME

    system.deliver(order.booking_ordered(), "payment.close_payment")

    assert [one for one in metrics if one[0] != "HoldLateness"] == [("PaymentsClosed", 1)]


def test_money_after_the_end_is_counted_as_late(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock, metrics: RecordedMetrics
) -> None:
    provider.holds_webhooks = True
    provider.pay(order.buyer, order.id, order.prices)
    late = provider.webhooks[-1].event
    other = Order(buyer=order.buyer)
    system.deliver(other.booking_ordered(), "payment.on_booking_ordered")
    system.deliver(other.booking_cancelled(), "payment.on_booking_cancelled")
    metrics.clear()
    session = late["data"]["object"] | {"metadata": {"payment_id": other.payment_id}}
    session |= {"client_reference_id": other.payment_id}

    provider.deliver_event(late | {"id": "evt_late", "data": {"object": session}})

    assert metrics == [("PaymentsReceivedLate", 1)]


def test_refund_is_counted_when_requested_and_when_sent(
    system: System, paid: Order, provider: ProviderNetwork, metrics: RecordedMetrics
) -> None:
    for _ in range(2):
        refund(system, paid, 1000, "k")
    before_sending = list(metrics)
    paid.deliver_refunds(system)
    provider.deliver_event(refund_event(paid, paid.stored_payment(system)["refunds"][0], "succeeded"))

    assert before_sending == [("RefundsRequested", 1)]
    assert metrics == [*before_sending, ("PaymentsRefunded", 1)]


def test_refund_reported_by_webhook_first_is_counted_once(
    system: System, paid: Order, provider: ProviderNetwork, metrics: RecordedMetrics
) -> None:
    refund(system, paid, 1000)
    (row,) = paid.stored_payment(system)["refunds"]
    metrics.clear()

    provider.deliver_event(refund_event(paid, row, "succeeded"))
    system.deliver(paid.refund_requested(row), "payment.on_refund_requested")

    assert metrics == [("PaymentsRefunded", 1)]


@pytest.mark.parametrize("how", ["refused", "failed afterwards"])
def test_failed_refund_logs_an_error_naming_it(
    system: System, paid: Order, provider: ProviderNetwork, metrics: RecordedMetrics, logs: LogCapture, how: str
) -> None:
    refund(system, paid, 1000)
    (row,) = paid.stored_payment(system)["refunds"]
    metrics.clear()

    provider.error_responses += [("/refunds", {"code": "charge_disputed"})] if how == "refused" else []
    paid.deliver_refunds(system)
    provider.deliver_event(refund_event(paid, row, "failed"))

    assert metrics[-1:] == [("RefundsFailed", 1)]
    fields = {"payment_id": paid.payment_id, "refund_key": f"{paid.payment_id}:refund:{row['id']}"}
    assert log_fields(logs, "refund failed") == ("ERROR", fields)


@pytest.mark.parametrize("refused", [False, True])
def test_wrong_amount_is_counted_and_logged(
    system: System, order: Order, provider: ProviderNetwork, metrics: RecordedMetrics, logs: LogCapture, refused: bool
) -> None:
    provider.holds_webhooks = True
    provider.pay(order.buyer, order.id, order.prices)
    event = provider.webhooks[-1].event
    event["data"]["object"]["amount_total"] = 4000
    if refused:
        provider.error_responses.append(("/refunds", {"code": "charge_disputed"}))
    metrics.clear()

    provider.deliver_event(event)

    intent = event["data"]["object"]["payment_intent"]
    assert metrics == [("ProviderAmountMismatch", 1), *([("RefundsFailed", 1)] if refused else [])]
    assert log_fields(logs, "unapplied money") == (
        "ERROR",
        {"payment_id": order.payment_id, "provider_payment": intent},
    )
    if refused:
        assert log_fields(logs, "unapplied money not refunded") == ("ERROR", {"payment_id": order.payment_id})


def test_ignored_event_is_counted_and_logged(
    provider: ProviderNetwork, metrics: RecordedMetrics, logs: LogCapture
) -> None:
    subject = {"id": "cs_1", "metadata": {"payment_id": ids.new()}}

    provider.deliver_event(
        {"id": "evt_n", "type": "checkout.session.expired", "created": 1, "data": {"object": subject}}
    )

    assert metrics == [("ProviderEventsIgnored", 1)]
    assert log_fields(logs, "provider event ignored") == (
        "INFO",
        {"provider_event": "evt_n", "provider_type": "checkout.session.expired"},
    )


def test_repeated_event_is_logged_and_forged_one_counted(
    system: System, order: Order, provider: ProviderNetwork, metrics: RecordedMetrics, logs: LogCapture
) -> None:
    provider.pay(order.buyer, order.id, order.prices)
    event = provider.webhooks[-1].event
    metrics.clear()

    again = provider.deliver_event(event)
    event["data"]["object"]["amount_total"] = 1
    forged = provider.send_webhook(WebhookRequest(body := json.dumps(event).encode(), sign_webhook(body).headers))

    assert (again.status, forged.problem) == (200, "event-id-reused")
    assert log_fields(logs, "provider event already applied") == ("INFO", {"provider_event": event["id"]})
    assert metrics == [("ProviderEventsForged", 1)]
