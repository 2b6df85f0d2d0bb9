"""Asking the provider what no webhook has told: money of any page, refunds that failed, and silence."""

import json
from typing import Any

import pytest

from common import ids
from payment.core.provider import Unreachable
from tests.support.orders import Clock, Order, published
from tests.support.provider import Provider
from tests.support.system import Person, System

BOSS = Person("organiser")
NOTHING = {"learnt": False, "answered": True}
SILENCE = {"learnt": False, "answered": False}
LEARNT = {"learnt": True, "answered": True}


def ask(system: System, payment_id: str) -> Any:
    return system.invoke("payment.ask_provider", {"payment_id": payment_id})


@pytest.fixture
def untold(system: System, order: Order, provider: Provider) -> Order:
    """An order whose buyer has paid, and the webhook of it is lost."""
    provider.held = True
    provider.pay(order.buyer, order.id, order.prices)
    return order


@pytest.fixture
def refunded(system: System, order: Order, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Order:
    """An order that was paid and given back in part, of which the provider says afterwards that this failed."""
    system.deliver(order.show(BOSS), "payment.keep_event")
    provider.pay(order.buyer, order.id, order.prices)
    wanted = {"reason": "The bar was shut.", "amount": 1000}
    assert system.http(f"POST /v1/payments/{order.payment_id}/refund", wanted, by=BOSS).status == 201
    assert order.send_back(system)
    carry_out = provider.request

    def failed(method: str, url: str, headers: Any, content: str | None) -> tuple[str, int, Any]:
        text, status, more = carry_out(method, url, headers, content)
        if method.upper() == "GET" and "/refunds" in url:
            answer = json.loads(text)
            answer["data"] = [one | {"status": "failed"} for one in answer["data"]]
            text = json.dumps(answer)
        return text, status, more

    monkeypatch.setattr(provider, "request", failed)
    return order


def test_money_that_nobody_told_of_is_taken_in_once(
    system: System, untold: Order, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [ask(system, untold.payment_id) for _ in range(2)]

    item = untold.stored(system)
    assert answers == [LEARNT, NOTHING]
    assert (item["status"], published(item)) == ("SUCCEEDED", [{"bus_event": "PaymentSucceeded.v1"}])
    written = capsys.readouterr().out
    assert [written.count(f'"{name}":') for name in ("PaymentsCorrected", "PaymentsReceived")] == [1, 1]


def test_of_a_payment_that_is_unknown_or_not_begun_the_provider_is_not_asked(
    system: System, order: Order, provider: Provider
) -> None:
    assert ask(system, ids.new()) == ask(system, order.payment_id) == NOTHING
    assert provider.calls == []


def test_an_unpaid_page_teaches_nothing(
    system: System, order: Order, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    system.http("POST /v1/payments", order.request, by=order.buyer)
    before = order.stored(system)

    assert ask(system, order.payment_id) == NOTHING
    assert order.stored(system) == before
    assert "PaymentsCorrected" not in capsys.readouterr().out


def test_silence_is_told_apart_from_nothing_new_and_is_logged(
    system: System, untold: Order, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.down = True
    before = untold.stored(system)

    assert ask(system, untold.payment_id) == SILENCE

    (said,) = (one for one in caplog.records if one.getMessage() == "not answered")
    assert (said.levelname, vars(said)["payment_id"]) == ("WARNING", untold.payment_id)
    assert said.exc_info
    assert said.exc_info[0] is Unreachable
    assert untold.stored(system) == before


def test_money_of_another_amount_goes_back_once_and_people_are_told(
    system: System,
    untold: Order,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    carry_out = provider.request

    def less(method: str, url: str, headers: Any, content: str | None) -> tuple[str, int, Any]:
        text, status, more = carry_out(method, url, headers, content)
        if method.upper() == "GET" and "/sessions/" in url:
            text = json.dumps(json.loads(text) | {"amount_total": 4000})
        return text, status, more

    monkeypatch.setattr(provider, "request", less)

    answers = [ask(system, untold.payment_id) for _ in range(2)]

    (back,) = provider.refunds()
    (said,) = (one for one in caplog.records if one.getMessage() == "stray money")
    intent = str(back.key).rsplit(":", 1)[1]
    assert answers == [LEARNT, NOTHING]
    assert untold.stored(system)["status"] == "FAILED"
    assert (back.key, "amount=4000" in back.params) == (f"{untold.payment_id}:stray:{intent}", True)
    about = (said.levelname, vars(said)["payment_id"], vars(said)["provider_payment"])
    assert about == ("ERROR", untold.payment_id, intent)


def test_a_refund_that_failed_after_all_is_noted_and_alarms_once(
    system: System, refunded: Order, capsys: pytest.CaptureFixture[str]
) -> None:
    before = refunded.stored(system)
    capsys.readouterr()

    answers = [ask(system, refunded.payment_id) for _ in range(2)]

    item, written = refunded.stored(system), capsys.readouterr().out
    assert answers == [LEARNT, NOTHING]
    assert (before["refunded"], refunded.refunds(system), item["refunded"]) == (1000, [(1000, "FAILED")], 0)
    assert published(item) == [{"bus_event": "PaymentRefundFailed.v1", "amount": 1000}]
    assert [written.count(f'"{name}":') for name in ("RefundsFailed", "PaymentsCorrected")] == [1, 1]


def test_a_refund_that_holds_stays_as_it_is(system: System, order: Order, provider: Provider) -> None:
    system.deliver(order.show(BOSS), "payment.keep_event")
    provider.pay(order.buyer, order.id, order.prices)
    system.http(f"POST /v1/payments/{order.payment_id}/refund", {"reason": "Rain."}, by=BOSS)
    order.send_back(system)
    before = order.stored(system)

    assert ask(system, order.payment_id) == NOTHING
    assert order.stored(system) == before


@pytest.mark.parametrize(("hours", "asked"), [(23, True), (24, False)])
def test_pages_are_looked_for_by_key_only_as_long_as_the_provider_keeps_it(
    system: System, order: Order, provider: Provider, clock: Clock, hours: int, asked: bool
) -> None:
    provider.lost_replies = 2
    system.http("POST /v1/payments", order.request, by=order.buyer)
    provider.lost_replies = 0
    provider.calls.clear()
    clock.pass_by(hours=hours)

    ask(system, order.payment_id)

    assert (f"{order.payment_id}:1" in [one.key for one in provider.calls]) is asked
