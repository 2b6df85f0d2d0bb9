"""Journeys with provider faults: lost webhooks, wrong amounts, rejected and bounced refunds."""

import json
from collections.abc import Generator
from typing import Any

from common import ids
from common.bus.booking import BookingFailed
from infra import topology
from sandbox.core import sessions, webhook
from tests.saga.journeys import JourneyScript, Steps, cancel_booking, open_checkout, place_order, refund_payment
from tests.support.drivers.provider import sign_webhook
from tests.support.drivers.saga_driver import Saga
from tests.support.fixtures.scenarios import Scenario
from tests.support.system.lambda_events import eventbridge_event, sqs_batch
from tools.docs.examples import example

_MANY = 9  # more than the webhooks or tries of any journey


def provider_failing(saga: Saga, scenario: Scenario) -> Steps:
    """Every provider operation fails once, for a paid and an unpaid booking."""
    fault_names = ("open.unavailable", "look.slow", "look.unavailable", "close.unavailable", "refund.unavailable")
    with saga.system.override_setting("PROVIDER_FAULTS", "1"):
        rates = dict.fromkeys((*fault_names, "pay.webhook_twice"), 1.0)
        saga.http("PUT /sandbox/faults", {"rates": rates, "times": 1, "slow_ms": 0}, expect=200)
        saga.http("GET /sandbox/faults", expect=200)
        paid, unpaid = (place_order(saga, scenario.gala, by) for by in (scenario.buyer, scenario.other))
        yield saga.drain
        open_checkout(saga, unpaid, scenario.other)
        saga.choose_outcome(open_checkout(saga, paid, scenario.buyer), "paid")
        yield saga.drain
        refund_payment(saga, paid, scenario.organiser, "The bar was shut.", amount=100)
        yield saga.drain_until_idle
        _sync_with_provider(saga, paid)


def refund_rejected(saga: Saga, scenario: Scenario) -> Steps:
    """The provider rejects a refund; the organiser requests it again."""
    booking, _ = yield from _pay(saga, scenario)
    yield saga.drain
    error = {"message": "Insufficient funds.", "code": "balance_insufficient"}
    saga.provider.error_responses += [("/refunds", error)] * _MANY
    refund_payment(saga, booking, scenario.organiser, "The bar was shut.", amount=100)
    yield saga.drain_until_idle
    saga.provider.error_responses.clear()
    refund_payment(saga, booking, scenario.organiser, "The bar was shut, once more.", amount=100)
    yield saga.drain_until_idle


def refund_bounced_without_webhook(saga: Saga, scenario: Scenario) -> Steps:
    """A refund bounces and its webhook is lost: a sync with the provider finds it."""
    booking, page = yield from _pay(saga, scenario)
    yield saga.drain
    refund_payment(saga, booking, scenario.organiser, "The bar was shut.", amount=100)
    yield saga.drain_until_idle
    saga.provider.lost_webhooks += _MANY
    saga.choose_outcome(page, "bounced")
    yield saga.drain_until_idle
    _sync_with_provider(saga, booking)
    yield saga.drain


def refund_webhook_first(saga: Saga, scenario: Scenario) -> Steps:
    """The response to a refund is lost, and its webhook arrives before the retry."""
    booking, _ = yield from _pay(saga, scenario)
    yield saga.drain
    saga.provider.lost_replies += 1
    refund_payment(saga, booking, scenario.organiser, "The bar was shut.", amount=100)
    yield saga.drain
    event = webhook.build_event("refund.updated", _refund(saga), int(saga.now.timestamp()))
    request = sign_webhook(json.dumps(event, default=int).encode())
    saga.http("POST /v1/payments/webhook", raw=request.body, headers=dict(request.headers), expect=200)
    yield saga.drain_until_idle


def payment_found_by_next_attempt(saga: Saga, scenario: Scenario) -> Steps:
    """The webhook of a payment is lost, and the buyer opens the checkout again."""
    booking, _ = yield from _pay(saga, scenario, loses_webhook=True)
    _open_checkout_again(saga, scenario, booking, expect=409)
    yield saga.drain


def payment_found_when_booking_failed(saga: Saga, scenario: Scenario) -> Steps:
    """The webhook of a payment is lost, and booking reports that the booking failed."""
    booking, _ = yield from _pay(saga, scenario, loses_webhook=True)
    _report_failed_booking(saga, booking)
    yield saga.drain


def other_amount_paid(saga: Saga, scenario: Scenario) -> Steps:
    """The provider reports an amount that differs from the price."""
    yield from _pay(saga, scenario, other_amount=True)
    yield saga.drain


def other_amount_found_by_sync(saga: Saga, scenario: Scenario) -> Steps:
    """The same, and the webhook is lost: a sync with the provider finds it."""
    booking, _ = yield from _pay(saga, scenario, other_amount=True, loses_webhook=True)
    _sync_with_provider(saga, booking)
    yield saga.drain


def other_amount_found_by_next_attempt(saga: Saga, scenario: Scenario) -> Steps:
    """The same, and the buyer opens the checkout again."""
    booking, _ = yield from _pay(saga, scenario, other_amount=True, loses_webhook=True)
    _open_checkout_again(saga, scenario, booking, expect=410)
    yield saga.drain


def other_amount_found_when_cancelled(saga: Saga, scenario: Scenario) -> Steps:
    """The same, and the buyer cancels the booking."""
    booking, _ = yield from _pay(saga, scenario, other_amount=True, loses_webhook=True)
    cancel_booking(saga, booking, scenario.buyer)
    yield saga.drain


def other_amount_found_when_booking_failed(saga: Saga, scenario: Scenario) -> Steps:
    """The same, and booking reports that the booking failed."""
    booking, _ = yield from _pay(saga, scenario, other_amount=True, loses_webhook=True)
    _report_failed_booking(saga, booking)
    yield saga.drain


def _pay(
    saga: Saga, scenario: Scenario, *, other_amount: bool = False, loses_webhook: bool = False
) -> Generator[Any, None, tuple[dict[str, Any], str]]:
    """Book one place and pay on the provider's page; returns the booking and the page's URL."""
    booking = place_order(saga, scenario.gala, scenario.buyer)
    yield saga.drain
    page = open_checkout(saga, booking, scenario.buyer)
    if other_amount:
        session = page.rsplit("/", 1)[-1]
        saga.system.update_item(topology.SANDBOX, session, "session", amount_total=booking["prices"] + 1)
    saga.provider.lost_webhooks += _MANY if loses_webhook else 0
    saga.choose_outcome(page, "paid")
    return booking, page


def _refund(saga: Saga) -> dict[str, Any]:
    """Wait for the provider's only refund and return its public representation."""
    while not (refunds := [one for one in saga.tables()["sandbox"] if one["sk"] == "refund"]):
        assert saga.make_progress(), "no refund was sent"
    (refund,) = refunds
    return sessions.public_object(refund)


def _open_checkout_again(saga: Saga, scenario: Scenario, booking: dict[str, Any], *, expect: int) -> None:
    """The buyer opens the checkout again, which finds the earlier payment."""
    payment_request = {"order_id": booking["id"], "price": booking["prices"]}
    saga.http("POST /v1/payments", payment_request, by=scenario.buyer, expect=expect)


def _report_failed_booking(saga: Saga, booking: dict[str, Any]) -> None:
    """Deliver BookingFailed to payment only, until it is handled."""
    failed = {"booking_id": booking["id"], "user_id": booking["user_id"], "reason": "no_room"}
    event = example(BookingFailed).model_copy(update=failed)
    while saga.invoke("payment.on_booking_failed", sqs_batch(eventbridge_event(event)))["batchItemFailures"]:
        pass  # as the queue redelivers it


def _sync_with_provider(saga: Saga, booking: dict[str, Any]) -> None:
    saga.invoke("payment.sync_with_provider", {"payment_id": ids.derive("payment", booking["id"])})


SCRIPTS: tuple[JourneyScript, ...] = (
    provider_failing, refund_rejected, refund_bounced_without_webhook, refund_webhook_first,
    payment_found_by_next_attempt, payment_found_when_booking_failed, other_amount_paid, other_amount_found_by_sync,
    other_amount_found_by_next_attempt, other_amount_found_when_cancelled, other_amount_found_when_booking_failed,
)  # fmt: skip
