"""Sync of several refunds of one payment: each is matched by its key."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.drivers.payment_driver import Order, outbox_entries
from tests.support.drivers.provider import ProviderNetwork
from tests.support.system.system import Person, System

ORGANISER = Person("organiser")
UNCHANGED = {"updated": False, "complete": True}
UPDATED = {"updated": True, "complete": True}
SESSIONS = "/sandbox/v1/checkout/sessions"
MANUAL_REFUND: dict[str, Any] = {
    "id": "re_manual",
    "object": "refund",
    "amount": 1,
    "status": "succeeded",
    "metadata": {},
}


def sync(system: System, order: Order) -> Any:
    return system.invoke("payment.sync_with_provider", {"payment_id": order.payment_id})


@pytest.fixture
def partly_refunded(system: System, order: Order, provider: ProviderNetwork) -> Order:
    """A paid order with two partial refunds."""
    system.deliver(order.event_published(ORGANISER), "payment.on_event_changed")
    provider.pay(order.buyer, order.id, order.prices)
    for amount in (1000, 500):
        request = {"reason": "The bar was shut.", "amount": amount}
        assert system.http(f"POST /v1/payments/{order.payment_id}/refund", request, by=ORGANISER).status == 201
        assert order.deliver_refunds(system)
    return order


@contextmanager
def listed_refunds(
    provider: ProviderNetwork, rewrite: Callable[[list[Any]], list[Any]], patch: pytest.MonkeyPatch
) -> Iterator[list[dict[str, str]]]:
    """Within the block the provider lists refunds as `rewrite` returns them; yields the queries."""
    real_request, queries = provider.request, list[dict[str, str]]()

    def request(method: str, url: str, headers: Any, content: str | None) -> tuple[str, int, Any]:
        text, status, more = real_request(method, url, headers, content)
        if method.upper() == "GET" and urlsplit(url).path.endswith("/refunds"):
            queries.append(dict(parse_qsl(urlsplit(url).query)))
            body = json.loads(text)
            text = json.dumps(body | {"data": rewrite(body["data"])})
        return text, status, more

    with patch.context() as within:
        within.setattr(provider, "request", request)
        yield queries


def with_failed_refund(amount: int) -> Callable[[list[Any]], list[Any]]:
    """The refund of this amount has failed; another was made manually at the provider and succeeded."""
    return lambda rows: [
        MANUAL_REFUND,
        *(one | {"status": "failed"} if one["amount"] == amount else one for one in rows),
    ]


@pytest.mark.parametrize(
    ("amount", "statuses", "refunded"), [(1000, ["FAILED", "SUCCEEDED"], 500), (500, ["SUCCEEDED", "FAILED"], 1000)]
)
def test_failed_refund_is_matched_by_its_key(
    system: System,
    partly_refunded: Order,
    provider: ProviderNetwork,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    amount: int,
    statuses: list[str],
    refunded: int,
) -> None:
    with listed_refunds(provider, with_failed_refund(amount), monkeypatch) as queries:
        results = [sync(system, partly_refunded) for _ in range(2)]

    item = partly_refunded.stored_payment(system)
    (failed,) = (one for one in item["refunds"] if one["status"] == "FAILED")
    (record,) = (one for one in caplog.records if one.getMessage() == "refund failed")
    assert results == [UPDATED, UNCHANGED]
    assert ([one["status"] for one in item["refunds"]], item["refunded"]) == (statuses, refunded)
    assert outbox_entries(item) == [{"bus_event": "PaymentRefundFailed.v1", "amount": amount}]
    assert vars(record)["payment_id"] == partly_refunded.payment_id
    assert vars(record)["refund_key"] == f"{partly_refunded.payment_id}:refund:{failed['id']}"
    assert {(one["payment_intent"], one["limit"]) for one in queries} == {(item["provider_payment"], "100")}


def test_all_failed_refunds_are_recorded_in_one_sync(
    system: System, partly_refunded: Order, provider: ProviderNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(rows: list[Any]) -> list[Any]:
        return [one | {"status": "canceled"} for one in rows]

    with listed_refunds(provider, cancelled, monkeypatch):
        assert sync(system, partly_refunded) == UPDATED

    assert partly_refunded.refunds(system) == [(1000, "FAILED"), (500, "FAILED")]
    assert partly_refunded.stored_payment(system)["refunded"] == 0


def test_unlisted_refund_is_not_marked_failed(
    system: System, partly_refunded: Order, provider: ProviderNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = partly_refunded.stored_payment(system)

    with listed_refunds(provider, lambda _: [MANUAL_REFUND | {"status": "failed"}], monkeypatch):
        assert sync(system, partly_refunded) == UNCHANGED

    assert partly_refunded.stored_payment(system) == before


def test_rejected_checkout_lookup_does_not_hide_failed_refunds(
    system: System, partly_refunded: Order, provider: ProviderNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.error_responses.append((SESSIONS, {"code": "resource_missing", "message": "No such session"}))

    with listed_refunds(provider, with_failed_refund(500), monkeypatch):
        assert sync(system, partly_refunded) == {"updated": True, "complete": False}

    assert partly_refunded.refunds(system) == [(1000, "SUCCEEDED"), (500, "FAILED")]
