"""Sync of several checkouts: each is looked up once, and no new one is opened."""

from typing import Any

import pytest

from infra import topology
from tests.support.drivers.payment_driver import Order, outbox_entries
from tests.support.drivers.provider import FORM, ProviderNetwork
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import PROVIDER_SECRET, System

UNCHANGED = {"updated": False, "complete": True}
UPDATED = {"updated": True, "complete": True}
SESSIONS = "/sandbox/v1/checkout/sessions"


def sync(system: System, order: Order) -> Any:
    return system.invoke("payment.sync_with_provider", {"payment_id": order.payment_id})


def start(system: System, order: Order) -> str:
    response = system.http("POST /v1/payments", order.request, by=order.buyer)
    assert response.status == 201, response.text
    return str(response.json["checkout_url"])


def expire_at_provider(system: System, url: str) -> None:
    """Expire the page at the provider; the webhook is lost."""
    headers = FORM | {"authorization": f"Bearer {PROVIDER_SECRET['api_key']}"}
    assert system.http(f"POST {SESSIONS}/{session_id(url)}/expire", headers=headers).status == 200


def session_id(url: str) -> str:
    return url.rsplit("/", 1)[1]


def sessions_by_url(system: System) -> dict[str, dict[str, Any]]:
    """The provider's sessions by page URL."""
    return {one["url"]: one for one in system.scan(topology.SANDBOX) if one["sk"] == "session"}


@pytest.fixture
def two_checkouts(system: System, order: Order, provider: ProviderNetwork) -> tuple[str, str]:
    """Page URLs of one payment: the first is expired, the second open. Later webhooks are held back."""
    first = start(system, order)
    expire_at_provider(system, first)
    second = start(system, order)
    provider.holds_webhooks = True
    provider.calls.clear()
    return first, second


def checkout_calls(provider: ProviderNetwork) -> list[tuple[str, str | None]]:
    """The checkout calls to the provider, with the idempotency key of each POST."""
    calls = (one for one in provider.calls if SESSIONS in one.call)
    return [(one.call, one.key if one.call.startswith("POST") else None) for one in calls]


def test_late_money_of_previous_checkout_pays_the_order(
    system: System, order: Order, provider: ProviderNetwork, two_checkouts: tuple[str, str]
) -> None:
    first, second = two_checkouts
    provider.choose_outcome(first, "late")

    assert sync(system, order) == UPDATED

    item = order.stored_payment(system)
    assert (item["status"], outbox_entries(item)) == ("SUCCEEDED", [{"bus_event": "PaymentSucceeded.v1"}])
    assert checkout_calls(provider) == [
        (f"GET {SESSIONS}/{session_id(second)}", None),
        (f"POST {SESSIONS}", f"{order.payment_id}:1"),
        (f"GET {SESSIONS}/{session_id(first)}", None),
    ]
    assert sorted(sessions_by_url(system)) == sorted(two_checkouts)


def test_second_of_two_paid_checkouts_is_refunded_once(
    system: System, order: Order, provider: ProviderNetwork, two_checkouts: tuple[str, str]
) -> None:
    first, second = two_checkouts
    provider.choose_outcome(second, "paid")
    provider.choose_outcome(first, "late")

    results = [sync(system, order) for _ in range(3)]

    sessions = sessions_by_url(system)
    charged = {url: one["amount_total"] - one.get("amount_refunded", 0) for url, one in sessions.items()}
    assert results == [UPDATED, UNCHANGED, UNCHANGED]
    assert charged == {first: 0, second: order.prices}
    assert order.stored_payment(system)["provider_payment"] == sessions[second]["payment_intent"]
    assert len(provider.successful_refunds()) == 1


def test_lost_checkout_is_found_by_its_key(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.lost_replies = 2
    system.http("POST /v1/payments", order.request, by=order.buyer)
    provider.lost_replies, provider.holds_webhooks = 0, True
    (page,) = sessions_by_url(system)
    provider.choose_outcome(page, "paid")
    provider.calls.clear()

    assert sync(system, order) == UPDATED

    assert order.stored_payment(system)["status"] == "SUCCEEDED"
    assert checkout_calls(provider)[0] == (f"POST {SESSIONS}", f"{order.payment_id}:1")
    assert list(sessions_by_url(system)) == [page]


def test_previous_checkout_is_not_reopened_after_key_lifetime(
    system: System, order: Order, provider: ProviderNetwork, clock: MovableClock, two_checkouts: tuple[str, str]
) -> None:
    clock.advance(hours=24)

    assert sync(system, order) == UNCHANGED
    assert checkout_calls(provider) == [(f"GET {SESSIONS}/{session_id(two_checkouts[1])}", None)]
