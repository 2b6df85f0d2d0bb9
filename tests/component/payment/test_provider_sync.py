"""Sync with the provider: unreported captures, failed refunds, and an unreachable provider."""

import json
from typing import Any

import pytest

from common import ids
from payment.core.providers.port import ProviderUnreachable
from tests.support.drivers.payment_driver import Order, outbox_entries
from tests.support.drivers.provider import ProviderNetwork
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import Person, System

ORGANISER = Person("organiser")
UNCHANGED = {"updated": False, "complete": True}
NO_ANSWER = {"updated": False, "complete": False}
UPDATED = {"updated": True, "complete": True}


def sync(system: System, payment_id: str) -> Any:
    return system.invoke("payment.sync_with_provider", {"payment_id": payment_id})


@pytest.fixture
def unreported_payment(system: System, order: Order, provider: ProviderNetwork) -> Order:
    """A paid order whose webhook is lost."""
    provider.holds_webhooks = True
    provider.pay(order.buyer, order.id, order.prices)
    return order


@pytest.fixture
def refunded(system: System, order: Order, provider: ProviderNetwork, monkeypatch: pytest.MonkeyPatch) -> Order:
    """A paid order with a partial refund that the provider afterwards reports as failed."""
    system.deliver(order.event_published(ORGANISER), "payment.on_event_changed")
    provider.pay(order.buyer, order.id, order.prices)
    request = {"reason": "The bar was shut.", "amount": 1000}
    assert system.http(f"POST /v1/payments/{order.payment_id}/refund", request, by=ORGANISER).status == 201
    assert order.deliver_refunds(system)
    real_request = provider.request

    def request_with_failed_refunds(method: str, url: str, headers: Any, content: str | None) -> tuple[str, int, Any]:
        text, status, more = real_request(method, url, headers, content)
        if method.upper() == "GET" and "/refunds" in url:
            body = json.loads(text)
            body["data"] = [one | {"status": "failed"} for one in body["data"]]
            text = json.dumps(body)
        return text, status, more

    monkeypatch.setattr(provider, "request", request_with_failed_refunds)
    return order


def test_unreported_capture_is_recorded_once(
    system: System, unreported_payment: Order, capsys: pytest.CaptureFixture[str]
) -> None:
    results = [sync(system, unreported_payment.payment_id) for _ in range(2)]

    item = unreported_payment.stored_payment(system)
    assert results == [UPDATED, UNCHANGED]
    assert (item["status"], outbox_entries(item)) == ("SUCCEEDED", [{"bus_event": "PaymentSucceeded.v1"}])
    written = capsys.readouterr().out
    assert [written.count(f'"{name}":') for name in ("PaymentsCorrected", "PaymentsReceived")] == [1, 1]


def test_sync_skips_unknown_and_unstarted_payments(system: System, order: Order, provider: ProviderNetwork) -> None:
    assert sync(system, ids.new()) == sync(system, order.payment_id) == UNCHANGED
    assert provider.calls == []


def test_sync_of_unpaid_checkout_changes_nothing(
    system: System, order: Order, provider: ProviderNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    system.http("POST /v1/payments", order.request, by=order.buyer)
    before = order.stored_payment(system)

    assert sync(system, order.payment_id) == UNCHANGED
    assert order.stored_payment(system) == before
    assert "PaymentsCorrected" not in capsys.readouterr().out


def test_unreachable_provider_is_reported_and_logged(
    system: System, unreported_payment: Order, provider: ProviderNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    provider.is_down = True
    before = unreported_payment.stored_payment(system)

    assert sync(system, unreported_payment.payment_id) == NO_ANSWER

    (record,) = (one for one in caplog.records if one.getMessage() == "provider sync failed")
    assert (record.levelname, vars(record)["payment_id"]) == ("WARNING", unreported_payment.payment_id)
    assert record.exc_info
    assert record.exc_info[0] is ProviderUnreachable
    assert unreported_payment.stored_payment(system) == before


def test_wrong_amount_is_refunded_once_and_logged(
    system: System,
    unreported_payment: Order,
    provider: ProviderNetwork,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    real_request = provider.request

    def request_with_lower_amount(method: str, url: str, headers: Any, content: str | None) -> tuple[str, int, Any]:
        text, status, more = real_request(method, url, headers, content)
        if method.upper() == "GET" and "/sessions/" in url:
            text = json.dumps(json.loads(text) | {"amount_total": 4000})
        return text, status, more

    monkeypatch.setattr(provider, "request", request_with_lower_amount)

    results = [sync(system, unreported_payment.payment_id) for _ in range(2)]

    (refund,) = provider.successful_refunds()
    (record,) = (one for one in caplog.records if one.getMessage() == "unapplied money")
    intent = str(refund.key).rsplit(":", 1)[1]
    assert results == [UPDATED, UNCHANGED]
    assert unreported_payment.stored_payment(system)["status"] == "FAILED"
    assert (refund.key, "amount=4000" in refund.params) == (f"{unreported_payment.payment_id}:unapplied:{intent}", True)
    logged = (record.levelname, vars(record)["payment_id"], vars(record)["provider_payment"])
    assert logged == ("ERROR", unreported_payment.payment_id, intent)


def test_failed_refund_is_recorded_and_alarms_once(
    system: System, refunded: Order, capsys: pytest.CaptureFixture[str]
) -> None:
    before = refunded.stored_payment(system)
    capsys.readouterr()

    results = [sync(system, refunded.payment_id) for _ in range(2)]

    item, written = refunded.stored_payment(system), capsys.readouterr().out
    assert results == [UPDATED, UNCHANGED]
    assert (before["refunded"], refunded.refunds(system), item["refunded"]) == (1000, [(1000, "FAILED")], 0)
    assert outbox_entries(item) == [{"bus_event": "PaymentRefundFailed.v1", "amount": 1000}]
    assert [written.count(f'"{name}":') for name in ("RefundsFailed", "PaymentsCorrected")] == [1, 1]


def test_succeeded_refund_is_left_unchanged(system: System, order: Order, provider: ProviderNetwork) -> None:
    system.deliver(order.event_published(ORGANISER), "payment.on_event_changed")
    provider.pay(order.buyer, order.id, order.prices)
    system.http(f"POST /v1/payments/{order.payment_id}/refund", {"reason": "Rain."}, by=ORGANISER)
    order.deliver_refunds(system)
    before = order.stored_payment(system)

    assert sync(system, order.payment_id) == UNCHANGED
    assert order.stored_payment(system) == before


@pytest.mark.parametrize(("hours", "is_asked"), [(23, True), (24, False)])
def test_checkout_is_looked_up_only_during_key_lifetime(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock, hours: int, is_asked: bool
) -> None:
    provider.lost_replies = 2
    system.http("POST /v1/payments", order.request, by=order.buyer)
    provider.lost_replies = 0
    provider.calls.clear()
    clock.advance(hours=hours)

    sync(system, order.payment_id)

    assert (f"{order.payment_id}:1" in [one.key for one in provider.calls]) is is_asked
