"""The hosted page: what it shows, where each choice leads, and what the merchant is told."""

import base64
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from common.store import Put, write
from infra import topology
from tests.support.provider import FORM, Provider, connect
from tests.support.system import Reply, System, environment

pytestmark = pytest.mark.moto

URL = "https://tickets.test/sandbox/pay/cs_test_1"
SUCCESS, CANCEL = "https://shop.test/thanks", "https://shop.test/back"


@pytest.fixture
def provider(system: System) -> Iterator[Provider]:
    with connect(system) as wire:
        yield wire


@pytest.fixture
def session(system: System) -> None:
    """An open session of 12.50 EUR whose merchant knows nothing of it."""
    store_session()


def store_session(**fields: Any) -> None:
    item: dict[str, Any] = {
        "pk": "cs_test_1",
        "sk": "session",
        "id": "cs_test_1",
        "object": "checkout.session",
        "status": "open",
    }
    item |= {"payment_status": "unpaid", "amount_total": 1250, "currency": "eur", "metadata": {"payment_id": "p"}}
    item |= {"description": "Two places", "url": URL, "success_url": SUCCESS, "cancel_url": CANCEL, "created": 1}
    with environment({"TABLE_SANDBOX": "test-sandbox"}):
        write(Put("sandbox", item | fields))


def stored(system: System) -> dict[str, Any]:
    return system.scan(topology.SANDBOX)[0]


def show(system: System, path: str = "cs_test_1") -> str:
    reply = system.http(f"GET /sandbox/pay/{path}")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    return html(reply)


def html(reply: Reply) -> str:
    return base64.b64decode(reply.text).decode()


def buttons(page: str) -> list[str]:
    return re.findall(r'name="outcome" value="(\w+)"', page)


def test_the_page_offers_every_outcome(system: System, session: None) -> None:
    page = show(system)

    assert "12.50 EUR" in page
    assert "Two places" in page
    assert buttons(page) == ["paid", "3ds", "declined", "abandoned"]


def test_the_page_is_plain_accessible_html(system: System, session: None) -> None:
    page = show(system)

    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert page.count("<h1>") == page.count("<main>") == page.count("<title>") == 1
    assert "<script" not in page
    reply = system.http("GET /sandbox/pay/cs_test_1")
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert reply.headers["cache-control"] == "no-store"


def test_what_comes_from_the_merchant_is_escaped(system: System) -> None:
    store_session(description="<script>alert(1)</script>{0}", url='https://tickets.test/"><script>')

    page = show(system)

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{0}" in page


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("eur", 5, "0.05 EUR"), ("jpy", 1250, "1250 JPY"), ("kwd", 1250, "1.250 KWD"), ("isk", 1250, "12.50 ISK")],
)
def test_amounts_have_the_decimals_of_their_currency(system: System, currency: str, amount: int, shown: str) -> None:
    store_session(currency=currency, amount_total=amount)

    assert shown in show(system)


def test_paying_completes_the_session_tells_the_merchant_and_leads_back(
    system: System, session: None, provider: Provider
) -> None:
    reply = provider.choose(URL, "paid")

    assert (reply.status, reply.headers["location"]) == (303, SUCCESS)
    assert (stored(system)["status"], stored(system)["payment_intent"]) == ("complete", "pi_1")
    (told,) = provider.webhooks
    assert (told.event["type"], told.event["object"]) == ("checkout.session.completed", "event")
    said = told.event["data"]["object"]
    assert (said["id"], said["payment_status"], said["amount_total"]) == ("cs_test_1", "paid", 1250)


def test_choosing_to_pay_again_sends_the_very_same_event(system: System, session: None, provider: Provider) -> None:
    provider.choose(URL, "paid")
    reply = provider.choose(URL, "paid")

    assert reply.headers["location"] == SUCCESS
    assert len({one.body for one in provider.webhooks}) == 1
    assert len(provider.webhooks) == 2


def test_an_event_that_was_not_taken_is_sent_again_under_its_id(
    system: System, session: None, provider: Provider
) -> None:
    provider.lost_webhooks = 2

    reply = provider.choose(URL, "paid")

    assert reply.headers["location"] == SUCCESS
    assert (len(provider.webhooks), len({one.event["id"] for one in provider.webhooks})) == (3, 1)


def test_an_event_that_never_arrives_leaves_the_session_paid_and_can_be_sent_later(
    system: System, session: None, provider: Provider
) -> None:
    provider.lost_webhooks = 3
    failed = provider.choose(URL, "paid")
    page = show(system)
    sent = provider.choose(URL, "paid")

    assert (failed.headers["location"], sent.headers["location"]) == (URL, SUCCESS)
    assert (stored(system)["status"], buttons(page)) == ("complete", ["paid"])
    assert len({one.event["id"] for one in provider.webhooks}) == 1


def test_a_declined_card_leaves_the_session_open_and_says_so(system: System, session: None, provider: Provider) -> None:
    for _ in range(2):
        assert provider.choose(URL, "declined").headers["location"] == URL

    assert stored(system)["status"] == "open"
    assert 'role="alert"' in show(system)
    events = [one.event for one in provider.webhooks]
    assert {one["type"] for one in events} == {"payment_intent.payment_failed"}
    assert len({one["id"] for one in events}) == 2
    assert events[0]["data"]["object"]["metadata"] == {"payment_id": "p"}


def test_three_d_secure_asks_first_and_tells_nobody(system: System, session: None, provider: Provider) -> None:
    asked = provider.choose(URL, "3ds")

    assert (asked.status, buttons(html(asked))) == (200, ["paid", "declined"])
    assert (stored(system)["status"], provider.webhooks) == ("open", [])


@pytest.mark.parametrize(("fields", "back"), [({}, CANCEL), ({"cancel_url": None}, SUCCESS)])
def test_leaving_changes_nothing(system: System, provider: Provider, fields: dict[str, Any], back: str) -> None:
    store_session(**fields)

    reply = provider.choose(URL, "abandoned")

    assert (reply.status, reply.headers["location"]) == (303, back)
    assert (stored(system)["status"], provider.webhooks) == ("open", [])


@pytest.mark.parametrize("outcome", ["paid", "declined", "3ds"])
def test_an_expired_session_takes_nothing(system: System, provider: Provider, outcome: str) -> None:
    store_session(status="expired")

    reply = provider.choose(URL, outcome)

    assert (reply.status, reply.headers["location"]) == (303, URL)
    assert (stored(system)["status"], provider.webhooks) == ("expired", [])
    assert buttons(show(system)) == ["late", "abandoned"]


def test_money_under_way_may_still_arrive_after_the_session_has_expired(system: System, provider: Provider) -> None:
    store_session(status="expired")

    reply = provider.choose(URL, "late")

    assert reply.headers["location"] == SUCCESS
    assert (stored(system)["payment_status"], len(provider.webhooks)) == ("paid", 1)


def test_money_is_not_late_while_the_session_is_open(system: System, session: None, provider: Provider) -> None:
    assert provider.choose(URL, "late").headers["location"] == URL
    assert (stored(system)["status"], provider.webhooks) == ("open", [])


@pytest.mark.parametrize("body", [b"", b"outcome=", b"outcome=stolen", b"\xff", b"outcome[a]=paid", b"a=1&a[b]=2"])
def test_a_form_that_is_not_the_pages_does_nothing(
    system: System, session: None, provider: Provider, body: bytes
) -> None:
    reply = system.http("POST /sandbox/pay/cs_test_1", raw=body, headers=FORM)

    assert "nothing to pay" in html(reply)
    assert (stored(system)["status"], provider.webhooks) == ("open", [])


def test_an_unknown_session_has_nothing_to_pay(system: System, provider: Provider) -> None:
    assert "nothing to pay" in show(system, "cs_test_unknown")
    sent = system.http("POST /sandbox/pay/cs_test_unknown", raw=urlencode({"outcome": "paid"}).encode(), headers=FORM)
    assert "nothing to pay" in html(sent)


def test_a_refund_that_bounces_is_told_and_its_money_is_there_again(system: System, provider: Provider) -> None:
    refund = {"id": "re_1", "object": "refund", "amount": 500, "status": "succeeded", "created": 7, "metadata": {}}
    store_session(status="complete", payment_status="paid", amount_refunded=500, refund_ids=["re_1"])
    with environment({"TABLE_SANDBOX": "test-sandbox"}):
        write(Put("sandbox", {"pk": "re_1", "sk": "refund"} | refund))

    for _ in range(2):
        assert provider.choose(URL, "bounced").status == 303

    held = {one["sk"]: one for one in system.scan(topology.SANDBOX)}
    assert (held["refund"]["status"], held["session"]["amount_refunded"]) == ("failed", 0)
    first, again = provider.webhooks
    assert first.body == again.body


def test_where_nothing_was_refunded_nothing_bounces(system: System, provider: Provider) -> None:
    store_session(status="complete", payment_status="paid")

    assert provider.choose(URL, "bounced").status == 303
    assert provider.webhooks == []
