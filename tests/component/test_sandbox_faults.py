"""The sandbox misbehaves when asked to: each fault does what it says, where and as often as it was asked for."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from infra import topology
from sandbox.core.faults import NAMES
from tests.component.test_sandbox_api import KEY, ask, create, refund
from tests.support.provider import FORM, Provider, connect
from tests.support.system import Reply, System

KEYED = {"authorization": f"Bearer {KEY}"}
DOCS = Path(__file__).parents[2] / "docs/sandbox.md"
CALLS = ("unavailable", "answer_lost", "answer_late", "slow")


@pytest.fixture
def faulty(system: System) -> System:
    """A system whose sandbox may misbehave."""
    system.values["PROVIDER_FAULTS"] = "1"
    return system


@pytest.fixture
def provider(faulty: System) -> Iterator[Provider]:
    with connect(faulty) as wire:
        wire.held = True
        yield wire


def asked(system: System, **wanted: Any) -> Reply:
    return system.http("PUT /sandbox/faults", {"slow_ms": 30, "late_ms": 60} | wanted)


def told(system: System) -> Any:
    return system.http("GET /sandbox/faults").json


def pay(system: System, url: str, faults: str = "", outcome: str = "paid") -> Reply:
    form = urlencode({"outcome": outcome, "faults": faults}).encode()
    return system.http(f"POST {urlsplit(url).path}", raw=form, headers=FORM)


def sessions(system: System) -> list[dict[str, Any]]:
    return [one for one in system.scan(topology.SANDBOX) if one["sk"] == "session"]


def kinds(provider: Provider) -> list[str]:
    return [one.event["type"] for one in provider.webhooks]


def timed(call: Any) -> tuple[Any, float]:
    started = time.monotonic()
    return call(), time.monotonic() - started


@pytest.mark.parametrize(("fault", "status", "made"), [("unavailable", 503, 0), ("answer_lost", 500, 1)])
def test_a_call_fails_as_often_as_was_asked_for_and_then_succeeds(
    fault: str, status: int, made: int, faulty: System
) -> None:
    asked(faulty, rates={f"open.{fault}": 1}, times=2)

    first, then = create(faulty, "k"), len(sessions(faulty))
    answers = [first.status, create(faulty, "k").status, create(faulty, "k").status]

    assert (answers, then) == ([status, status, 200], made)
    assert first.json["error"]["type"] == "api_error"
    assert told(faulty)["struck"] == {f"open.{fault}": 2}
    assert len(sessions(faulty)) == 1


@pytest.mark.parametrize(("fault", "seconds"), [("slow", 0.03), ("answer_late", 0.06)])
def test_an_answer_may_take_its_time(fault: str, seconds: float, faulty: System) -> None:
    asked(faulty, rates={f"open.{fault}": 1}, times=1)

    answer, took = timed(lambda: create(faulty, "k"))

    assert answer.status == 200
    assert took >= seconds
    assert told(faulty)["struck"] == {f"open.{fault}": 1}


@pytest.mark.parametrize("place", ["look", "close", "refund"])
@pytest.mark.parametrize("fault", CALLS)
def test_every_call_of_a_session_can_fail(place: str, fault: str, faulty: System, provider: Provider) -> None:
    session = create(faulty).json
    at = f"/sandbox/v1/checkout/sessions/{session['id']}"
    intent = session["id"].replace("cs_test_", "pi_")
    if place == "refund":
        pay(faulty, session["url"])
    asked(faulty, rates={f"{place}.{fault}": 1}, times=1)
    calls = {
        "look": lambda: ask(faulty, f"GET {at}"),
        "close": lambda: ask(faulty, f"POST {at}/expire", {}),
        "refund": lambda: refund(faulty, "k", payment_intent=intent),
    }

    answer, took = timed(calls[place])

    assert answer.status == {"unavailable": 503, "answer_lost": 500}.get(fault, 200)
    assert took >= {"slow": 0.03, "answer_late": 0.06}.get(fault, 0)
    assert told(faulty)["struck"] == {f"{place}.{fault}": 1}
    now = sessions(faulty)[0]
    done = {"look": True, "close": now["status"] == "expired", "refund": bool(now.get("amount_refunded"))}
    assert done[place] or fault == "unavailable"
    if fault == "unavailable":
        assert calls[place]().status == 200


def test_the_refunds_of_a_session_are_read_there_too(faulty: System) -> None:
    asked(faulty, rates={"look.unavailable": 1}, times=1)
    intent = create(faulty).json["id"].replace("cs_test_", "pi_")

    answers = [
        faulty.http("GET /sandbox/v1/refunds", query={"payment_intent": intent}, headers=KEYED).status for _ in range(2)
    ]

    assert answers == [503, 200]


def test_a_webhook_may_be_lost_and_comes_when_the_buyer_presses_again(faulty: System, provider: Provider) -> None:
    url = create(faulty).json["url"]

    pay(faulty, url, "pay.webhook_lost")
    lost = kinds(provider)
    pay(faulty, url)

    assert (lost, kinds(provider)) == ([], ["checkout.session.completed"])
    assert sessions(faulty)[0]["payment_status"] == "paid"


def test_a_webhook_may_come_twice_word_for_word(faulty: System, provider: Provider) -> None:
    pay(faulty, create(faulty).json["url"], "pay.webhook_twice")

    assert kinds(provider) == ["checkout.session.completed"] * 2
    assert len({one.body for one in provider.webhooks}) == 1


def test_an_older_event_may_come_later(faulty: System, provider: Provider) -> None:
    pay(faulty, create(faulty).json["url"], "pay.webhook_reordered")

    assert kinds(provider) == ["checkout.session.completed", "payment_intent.payment_failed"]
    newer, older = (one.event["created"] for one in provider.webhooks)
    assert older < newer


def test_the_event_may_come_before_the_page_is_answered(faulty: System, provider: Provider) -> None:
    asked(faulty, rates={"open.webhook_early": 1})

    answer = create(faulty)

    assert (answer.status, answer.json["status"]) == (200, "open")
    assert kinds(provider) == ["checkout.session.completed"]


def test_a_refund_may_be_told_of_before_it_is_answered(faulty: System, provider: Provider) -> None:
    session = create(faulty).json
    pay(faulty, session["url"], "refund.webhook_early refund.answer_lost")

    answer = refund(faulty, "k", payment_intent=session["id"].replace("cs_test_", "pi_"))

    assert answer.status == 500
    assert kinds(provider) == ["checkout.session.completed", "refund.updated"]
    assert provider.webhooks[-1].event["data"]["object"]["status"] == "succeeded"


def test_a_refund_may_be_refused_at_first(faulty: System, provider: Provider) -> None:
    session = create(faulty).json
    pay(faulty, session["url"], "refund.refused")

    first, second = (refund(faulty, key, payment_intent=session["id"].replace("cs_test_", "pi_")) for key in "ab")

    assert (first.status, first.json["error"]["code"]) == (400, "balance_insufficient")
    assert second.status == 200


@pytest.mark.parametrize(("fault", "paid"), [("other_amount", (2600, "eur")), ("other_currency", (2500, "usd"))])
def test_other_money_may_come(fault: str, paid: tuple[int, str], faulty: System, provider: Provider) -> None:
    pay(faulty, create(faulty).json["url"], f"pay.{fault}")

    said = provider.webhooks[0].event["data"]["object"]
    assert (said["amount_total"], said["currency"]) == paid
    assert (sessions(faulty)[0]["amount_total"], sessions(faulty)[0]["currency"]) == paid


def test_a_rate_strikes_its_share_and_the_same_ones_for_the_same_seed(faulty: System) -> None:
    def struck(seed: int) -> list[int]:
        asked(faulty, rates={"open.unavailable": 0.3}, seed=seed, times=1)
        return [at for at in range(40) if create(faulty, f"{seed}-{time.monotonic_ns()}").status == 503]

    first, again, other = struck(1), struck(1), struck(2)

    assert first == again != other
    assert 4 <= len(first) <= 20
    assert told(faulty)["came"] == {"open": 40}


def test_without_rates_all_is_well_again(faulty: System) -> None:
    asked(faulty, rates={"open.unavailable": 1})
    asked(faulty)

    assert create(faulty).status == 200
    assert (told(faulty)["rates"], told(faulty)["struck"]) == ({}, {})


def test_what_was_drawn_for_a_session_ends_with_the_next_request(faulty: System) -> None:
    asked(faulty, rates={"open.unavailable": 1}, times=100)
    struck = create(faulty, "k").status
    asked(faulty)
    healed = create(faulty, "k").status
    asked(faulty, rates={"open.answer_lost": 1}, times=1)

    assert (struck, healed, create(faulty, "k").status, create(faulty, "k").status) == (503, 200, 500, 200)
    assert told(faulty)["struck"] == {"open.answer_lost": 1}


def test_what_was_chosen_on_the_page_stays_whatever_is_asked_for_all(faulty: System) -> None:
    made = create(faulty, "k").json
    pay(faulty, made["url"], "look.unavailable", outcome="abandoned")
    asked(faulty)

    reply = ask(faulty, f"GET /sandbox/v1/checkout/sessions/{made['id']}")

    assert reply.status == 503


@pytest.mark.parametrize("body", [{"rates": {"open.refused": 1}}, {"rates": {"open.slow": 1.1}}, {"speed": 1}])
def test_what_is_no_fault_is_refused(body: dict[str, Any], faulty: System) -> None:
    assert faulty.http("PUT /sandbox/faults", body).status == 422


def test_a_page_knows_no_other_faults(faulty: System) -> None:
    pay(faulty, create(faulty).json["url"], "pay.refused")

    assert sessions(faulty)[0]["status"] == "open"


def test_elsewhere_than_on_the_local_stage_there_are_no_faults(system: System) -> None:
    assert asked(system, rates={"open.unavailable": 1}).status == 404
    assert system.http("GET /sandbox/faults").status == 404
    system.values["PROVIDER_FAULTS"] = "1"
    asked(system, rates={"open.unavailable": 1})
    system.values["PROVIDER_FAULTS"] = "0"

    session = create(system)
    pay(system, session.json["url"], "pay.other_amount")

    assert session.status == 200
    assert sessions(system)[0]["status"] == "open"


def test_every_fault_is_described() -> None:
    text = DOCS.read_text()

    assert [
        name for name in NAMES if f"`{name.split('.')[1]}`" not in text or f"`{name.split('.')[0]}`" not in text
    ] == []
