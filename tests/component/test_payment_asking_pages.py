"""Asking the provider about more than one page: each is looked at once, and none is opened anew."""

from typing import Any

import pytest

from infra import topology
from tests.support.orders import Clock, Order, published
from tests.support.provider import FORM, Provider
from tests.support.system import PROVIDER_SECRET, System

NOTHING = {"learnt": False, "answered": True}
LEARNT = {"learnt": True, "answered": True}
SESSIONS = "/sandbox/v1/checkout/sessions"


def ask(system: System, order: Order) -> Any:
    return system.invoke("payment.ask_provider", {"payment_id": order.payment_id})


def start(system: System, order: Order) -> str:
    reply = system.http("POST /v1/payments", order.request, by=order.buyer)
    assert reply.status == 201, reply.text
    return str(reply.json["checkout_url"])


def end_at_provider(system: System, url: str) -> None:
    """The provider ends the page, and its webhook about that is lost."""
    headers = FORM | {"authorization": f"Bearer {PROVIDER_SECRET['api_key']}"}
    assert system.http(f"POST {SESSIONS}/{session(url)}/expire", headers=headers).status == 200


def session(url: str) -> str:
    return url.rsplit("/", 1)[1]


def pages(system: System) -> dict[str, dict[str, Any]]:
    """The provider's pages by their addresses."""
    return {one["url"]: one for one in system.scan(topology.SANDBOX) if one["sk"] == "session"}


@pytest.fixture
def two_pages(system: System, order: Order, provider: Provider) -> tuple[str, str]:
    """Of one payment: the first was ended by the provider, the second is open. From now on no webhook arrives."""
    first = start(system, order)
    end_at_provider(system, first)
    second = start(system, order)
    provider.held = True
    provider.calls.clear()
    return first, second


def asked(provider: Provider) -> list[tuple[str, str | None]]:
    """What the provider was asked of pages, and under which key where that could open one."""
    calls = (one for one in provider.calls if SESSIONS in one.call)
    return [(one.call, one.key if one.call.startswith("POST") else None) for one in calls]


def test_late_money_of_the_page_before_pays_and_each_page_is_asked_for_once(
    system: System, order: Order, provider: Provider, two_pages: tuple[str, str]
) -> None:
    first, second = two_pages
    provider.choose(first, "late")

    assert ask(system, order) == LEARNT

    item = order.stored(system)
    assert (item["status"], published(item)) == ("SUCCEEDED", [{"bus_event": "PaymentSucceeded.v1"}])
    assert asked(provider) == [
        (f"GET {SESSIONS}/{session(second)}", None),
        (f"POST {SESSIONS}", f"{order.payment_id}:1"),
        (f"GET {SESSIONS}/{session(first)}", None),
    ]
    assert sorted(pages(system)) == sorted(two_pages)


def test_of_two_pages_that_were_both_paid_one_pays_and_the_other_money_goes_back_once(
    system: System, order: Order, provider: Provider, two_pages: tuple[str, str]
) -> None:
    first, second = two_pages
    provider.choose(second, "paid")
    provider.choose(first, "late")

    answers = [ask(system, order) for _ in range(3)]

    sessions = pages(system)
    charged = {url: one["amount_total"] - one.get("amount_refunded", 0) for url, one in sessions.items()}
    assert answers == [LEARNT, NOTHING, NOTHING]
    assert charged == {first: 0, second: order.prices}
    assert order.stored(system)["provider_payment"] == sessions[second]["payment_intent"]
    assert len(provider.refunds()) == 1


def test_a_page_whose_address_was_never_heard_is_found_by_its_key_and_no_other_is_opened(
    system: System, order: Order, provider: Provider
) -> None:
    provider.lost_replies = 2
    system.http("POST /v1/payments", order.request, by=order.buyer)
    provider.lost_replies, provider.held = 0, True
    (page,) = pages(system)
    provider.choose(page, "paid")
    provider.calls.clear()

    assert ask(system, order) == LEARNT

    assert order.stored(system)["status"] == "SUCCEEDED"
    assert asked(provider)[0] == (f"POST {SESSIONS}", f"{order.payment_id}:1")
    assert list(pages(system)) == [page]


def test_a_page_before_is_not_opened_anew_once_its_key_is_forgotten(
    system: System, order: Order, provider: Provider, clock: Clock, two_pages: tuple[str, str]
) -> None:
    clock.pass_by(hours=24)

    assert ask(system, order) == NOTHING
    assert asked(provider) == [(f"GET {SESSIONS}/{session(two_pages[1])}", None)]
