"""Fault injection in the sandbox: each fault takes effect at its operation, as often as set."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from infra import topology
from sandbox.core.faults import FAULT_NAMES
from tests.component.sandbox.test_api import KEY, call_api, create_refund, create_session
from tests.support.drivers.provider import FORM, ProviderNetwork, connect_provider
from tests.support.system.system import HttpResponse, System

AUTHORIZATION = {"authorization": f"Bearer {KEY}"}
DOCS = Path(__file__).parents[3] / "docs/sandbox.md"
CALLS = ("unavailable", "answer_lost", "answer_late", "slow")


@pytest.fixture
def faulty(system: System) -> System:
    """A system whose sandbox can inject faults."""
    system.settings["PROVIDER_FAULTS"] = "1"
    return system


@pytest.fixture
def provider(faulty: System) -> Iterator[ProviderNetwork]:
    with connect_provider(faulty) as network:
        network.holds_webhooks = True
        yield network


def set_faults(system: System, **request: Any) -> HttpResponse:
    return system.http("PUT /sandbox/faults", {"slow_ms": 30, "late_ms": 60} | request)


def get_faults(system: System) -> Any:
    return system.http("GET /sandbox/faults").json


def pay(system: System, url: str, faults: str = "", outcome: str = "paid") -> HttpResponse:
    form = urlencode({"outcome": outcome, "faults": faults}).encode()
    return system.http(f"POST {urlsplit(url).path}", raw=form, headers=FORM)


def sessions(system: System) -> list[dict[str, Any]]:
    return [one for one in system.scan(topology.SANDBOX) if one["sk"] == "session"]


def event_types(provider: ProviderNetwork) -> list[str]:
    return [one.event["type"] for one in provider.webhooks]


def timed(call: Any) -> tuple[Any, float]:
    started = time.monotonic()
    return call(), time.monotonic() - started


@pytest.mark.parametrize(("fault", "status", "created_count"), [("unavailable", 503, 0), ("answer_lost", 500, 1)])
def test_call_fails_the_requested_times_then_succeeds(
    fault: str, status: int, created_count: int, faulty: System
) -> None:
    set_faults(faulty, rates={f"open.{fault}": 1}, times=2)

    first, count_after_first = create_session(faulty, "k"), len(sessions(faulty))
    statuses = [first.status, create_session(faulty, "k").status, create_session(faulty, "k").status]

    assert (statuses, count_after_first) == ([status, status, 200], created_count)
    assert first.json["error"]["type"] == "api_error"
    assert get_faults(faulty)["struck"] == {f"open.{fault}": 2}
    assert len(sessions(faulty)) == 1


@pytest.mark.parametrize(("fault", "seconds"), [("slow", 0.03), ("answer_late", 0.06)])
def test_response_can_be_delayed(fault: str, seconds: float, faulty: System) -> None:
    set_faults(faulty, rates={f"open.{fault}": 1}, times=1)

    response, seconds_taken = timed(lambda: create_session(faulty, "k"))

    assert response.status == 200
    assert seconds_taken >= seconds
    assert get_faults(faulty)["struck"] == {f"open.{fault}": 1}


@pytest.mark.parametrize("operation", ["look", "close", "refund"])
@pytest.mark.parametrize("fault", CALLS)
def test_every_session_call_can_fail(operation: str, fault: str, faulty: System, provider: ProviderNetwork) -> None:
    session = create_session(faulty).json
    url_path = f"/sandbox/v1/checkout/sessions/{session['id']}"
    intent = session["id"].replace("cs_test_", "pi_")
    if operation == "refund":
        pay(faulty, session["url"])
    set_faults(faulty, rates={f"{operation}.{fault}": 1}, times=1)
    calls = {
        "look": lambda: call_api(faulty, f"GET {url_path}"),
        "close": lambda: call_api(faulty, f"POST {url_path}/expire", {}),
        "refund": lambda: create_refund(faulty, "k", payment_intent=intent),
    }

    response, seconds_taken = timed(calls[operation])

    assert response.status == {"unavailable": 503, "answer_lost": 500}.get(fault, 200)
    assert seconds_taken >= {"slow": 0.03, "answer_late": 0.06}.get(fault, 0)
    assert get_faults(faulty)["struck"] == {f"{operation}.{fault}": 1}
    stored_session = sessions(faulty)[0]
    is_done = {
        "look": True,
        "close": stored_session["status"] == "expired",
        "refund": bool(stored_session.get("amount_refunded")),
    }
    assert is_done[operation] or fault == "unavailable"
    if fault == "unavailable":
        assert calls[operation]().status == 200


def test_listing_refunds_can_fail(faulty: System) -> None:
    set_faults(faulty, rates={"look.unavailable": 1}, times=1)
    intent = create_session(faulty).json["id"].replace("cs_test_", "pi_")

    statuses = [
        faulty.http("GET /sandbox/v1/refunds", query={"payment_intent": intent}, headers=AUTHORIZATION).status
        for _ in range(2)
    ]

    assert statuses == [503, 200]


def test_lost_webhook_is_sent_when_buyer_pays_again(faulty: System, provider: ProviderNetwork) -> None:
    url = create_session(faulty).json["url"]

    pay(faulty, url, "pay.webhook_lost")
    lost = event_types(provider)
    pay(faulty, url)

    assert (lost, event_types(provider)) == ([], ["checkout.session.completed"])
    assert sessions(faulty)[0]["payment_status"] == "paid"


def test_webhook_can_be_sent_twice_verbatim(faulty: System, provider: ProviderNetwork) -> None:
    pay(faulty, create_session(faulty).json["url"], "pay.webhook_twice")

    assert event_types(provider) == ["checkout.session.completed"] * 2
    assert len({one.body for one in provider.webhooks}) == 1


def test_older_event_can_arrive_later(faulty: System, provider: ProviderNetwork) -> None:
    pay(faulty, create_session(faulty).json["url"], "pay.webhook_reordered")

    assert event_types(provider) == ["checkout.session.completed", "payment_intent.payment_failed"]
    newer, older = (one.event["created"] for one in provider.webhooks)
    assert older < newer


def test_webhook_can_precede_the_session_response(faulty: System, provider: ProviderNetwork) -> None:
    set_faults(faulty, rates={"open.webhook_early": 1})

    response = create_session(faulty)

    assert (response.status, response.json["status"]) == (200, "open")
    assert event_types(provider) == ["checkout.session.completed"]


def test_refund_webhook_can_precede_the_response(faulty: System, provider: ProviderNetwork) -> None:
    session = create_session(faulty).json
    pay(faulty, session["url"], "refund.webhook_early refund.answer_lost")

    response = create_refund(faulty, "k", payment_intent=session["id"].replace("cs_test_", "pi_"))

    assert response.status == 500
    assert event_types(provider) == ["checkout.session.completed", "refund.updated"]
    assert provider.webhooks[-1].event["data"]["object"]["status"] == "succeeded"


def test_first_refund_can_be_rejected(faulty: System, provider: ProviderNetwork) -> None:
    session = create_session(faulty).json
    pay(faulty, session["url"], "refund.refused")

    first, second = (
        create_refund(faulty, key, payment_intent=session["id"].replace("cs_test_", "pi_")) for key in "ab"
    )

    assert (first.status, first.json["error"]["code"]) == (400, "balance_insufficient")
    assert second.status == 200


@pytest.mark.parametrize(("fault", "paid"), [("other_amount", (2600, "eur")), ("other_currency", (2500, "usd"))])
def test_wrong_amount_or_currency_can_be_paid(
    fault: str, paid: tuple[int, str], faulty: System, provider: ProviderNetwork
) -> None:
    pay(faulty, create_session(faulty).json["url"], f"pay.{fault}")

    session_object = provider.webhooks[0].event["data"]["object"]
    assert (session_object["amount_total"], session_object["currency"]) == paid
    assert (sessions(faulty)[0]["amount_total"], sessions(faulty)[0]["currency"]) == paid


def test_fault_rate_is_reproducible_by_its_seed(faulty: System) -> None:
    def struck(seed: int) -> list[int]:
        set_faults(faulty, rates={"open.unavailable": 0.3}, seed=seed, times=1)
        return [at for at in range(40) if create_session(faulty, f"{seed}-{time.monotonic_ns()}").status == 503]

    first, again, other = struck(1), struck(1), struck(2)

    assert first == again != other
    assert 4 <= len(first) <= 20
    assert get_faults(faulty)["came"] == {"open": 40}


def test_empty_rates_disable_all_faults(faulty: System) -> None:
    set_faults(faulty, rates={"open.unavailable": 1})
    set_faults(faulty)

    assert create_session(faulty).status == 200
    assert (get_faults(faulty)["rates"], get_faults(faulty)["struck"]) == ({}, {})


def test_drawn_faults_end_with_the_next_settings(faulty: System) -> None:
    set_faults(faulty, rates={"open.unavailable": 1}, times=100)
    struck = create_session(faulty, "k").status
    set_faults(faulty)
    recovered = create_session(faulty, "k").status
    set_faults(faulty, rates={"open.answer_lost": 1}, times=1)

    assert (struck, recovered, create_session(faulty, "k").status, create_session(faulty, "k").status) == (
        503,
        200,
        500,
        200,
    )
    assert get_faults(faulty)["struck"] == {"open.answer_lost": 1}


def test_faults_planned_on_the_page_survive_new_settings(faulty: System) -> None:
    session = create_session(faulty, "k").json
    pay(faulty, session["url"], "look.unavailable", outcome="abandoned")
    set_faults(faulty)

    response = call_api(faulty, f"GET /sandbox/v1/checkout/sessions/{session['id']}")

    assert response.status == 503


@pytest.mark.parametrize("body", [{"rates": {"open.refused": 1}}, {"rates": {"open.slow": 1.1}}, {"speed": 1}])
def test_invalid_fault_settings_are_rejected(body: dict[str, Any], faulty: System) -> None:
    assert faulty.http("PUT /sandbox/faults", body).status == 422


def test_page_rejects_unknown_faults(faulty: System) -> None:
    pay(faulty, create_session(faulty).json["url"], "pay.refused")

    assert sessions(faulty)[0]["status"] == "open"


def test_faults_exist_only_on_the_local_stage(system: System) -> None:
    assert set_faults(system, rates={"open.unavailable": 1}).status == 404
    assert system.http("GET /sandbox/faults").status == 404
    system.settings["PROVIDER_FAULTS"] = "1"
    set_faults(system, rates={"open.unavailable": 1})
    system.settings["PROVIDER_FAULTS"] = "0"

    session = create_session(system)
    pay(system, session.json["url"], "pay.other_amount")

    assert session.status == 200
    assert sessions(system)[0]["status"] == "open"


def test_every_fault_is_documented() -> None:
    text = DOCS.read_text()

    assert [
        name for name in FAULT_NAMES if f"`{name.split('.')[1]}`" not in text or f"`{name.split('.')[0]}`" not in text
    ] == []
