"""Asking the provider about several refunds of one payment: each stands for itself, and no other's is believed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.orders import Order, published
from tests.support.provider import Provider
from tests.support.system import Person, System

BOSS = Person("organiser")
NOTHING = {"learnt": False, "answered": True}
LEARNT = {"learnt": True, "answered": True}
SESSIONS = "/sandbox/v1/checkout/sessions"
BY_HAND: dict[str, Any] = {"id": "re_by_hand", "object": "refund", "amount": 1, "status": "succeeded", "metadata": {}}


def ask(system: System, order: Order) -> Any:
    return system.invoke("payment.ask_provider", {"payment_id": order.payment_id})


@pytest.fixture
def in_parts(system: System, order: Order, provider: Provider) -> Order:
    """An order of which two parts were given back, one after the other."""
    system.deliver(order.show(BOSS), "payment.keep_event")
    provider.pay(order.buyer, order.id, order.prices)
    for amount in (1000, 500):
        wanted = {"reason": "The bar was shut.", "amount": amount}
        assert system.http(f"POST /v1/payments/{order.payment_id}/refund", wanted, by=BOSS).status == 201
        assert order.send_back(system)
    return order


@contextmanager
def refunds_of_the_provider(
    provider: Provider, told: Callable[[list[Any]], list[Any]], patch: pytest.MonkeyPatch
) -> Iterator[list[dict[str, str]]]:
    """Within the block the provider lists refunds as `told` says; gives what it was asked to list."""
    carry_out, queries = provider.request, list[dict[str, str]]()

    def listed(method: str, url: str, headers: Any, content: str | None) -> tuple[str, int, Any]:
        text, status, more = carry_out(method, url, headers, content)
        if method.upper() == "GET" and urlsplit(url).path.endswith("/refunds"):
            queries.append(dict(parse_qsl(urlsplit(url).query)))
            answer = json.loads(text)
            text = json.dumps(answer | {"data": told(answer["data"])})
        return text, status, more

    with patch.context() as within:
        within.setattr(provider, "request", listed)
        yield queries


def failing(amount: int) -> Callable[[list[Any]], list[Any]]:
    """The refund of this amount has failed; another was made by hand at the provider, and holds."""
    return lambda rows: [BY_HAND, *(one | {"status": "failed"} if one["amount"] == amount else one for one in rows)]


@pytest.mark.parametrize(("amount", "ends", "back"), [(1000, ["FAILED", "SUCCEEDED"], 500),
                                                      (500, ["SUCCEEDED", "FAILED"], 1000)])  # fmt: skip
def test_of_several_refunds_the_one_that_failed_is_noted_by_its_key(
    system: System,
    in_parts: Order,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    amount: int,
    ends: list[str],
    back: int,
) -> None:
    with refunds_of_the_provider(provider, failing(amount), monkeypatch) as queries:
        answers = [ask(system, in_parts) for _ in range(2)]

    item = in_parts.stored(system)
    (failed,) = (one for one in item["refunds"] if one["status"] == "FAILED")
    (said,) = (one for one in caplog.records if one.getMessage() == "refund failed")
    assert answers == [LEARNT, NOTHING]
    assert ([one["status"] for one in item["refunds"]], item["refunded"]) == (ends, back)
    assert published(item) == [{"bus_event": "PaymentRefundFailed.v1", "amount": amount}]
    assert vars(said)["payment_id"] == in_parts.payment_id
    assert vars(said)["refund_key"] == f"{in_parts.payment_id}:refund:{failed['id']}"
    assert {(one["payment_intent"], one["limit"]) for one in queries} == {(item["provider_payment"], "100")}


def test_refunds_that_all_failed_are_all_noted_at_once(
    system: System, in_parts: Order, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(rows: list[Any]) -> list[Any]:
        return [one | {"status": "canceled"} for one in rows]

    with refunds_of_the_provider(provider, cancelled, monkeypatch):
        assert ask(system, in_parts) == LEARNT

    assert in_parts.refunds(system) == [(1000, "FAILED"), (500, "FAILED")]
    assert in_parts.stored(system)["refunded"] == 0


def test_a_refund_that_the_provider_does_not_list_is_not_believed_to_have_failed(
    system: System, in_parts: Order, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = in_parts.stored(system)

    with refunds_of_the_provider(provider, lambda _: [BY_HAND | {"status": "failed"}], monkeypatch):
        assert ask(system, in_parts) == NOTHING

    assert in_parts.stored(system) == before


def test_a_page_that_the_provider_declines_to_show_hides_no_refund_that_failed(
    system: System, in_parts: Order, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.refusals.append((SESSIONS, {"code": "resource_missing", "message": "No such session"}))

    with refunds_of_the_provider(provider, failing(500), monkeypatch):
        assert ask(system, in_parts) == {"learnt": True, "answered": False}

    assert in_parts.refunds(system) == [(1000, "SUCCEEDED"), (500, "FAILED")]
