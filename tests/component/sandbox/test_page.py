"""The hosted page: its content, its outcomes, and the webhooks to the merchant."""

import base64
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from common.store import Put, write
from infra import topology
from tests.support.drivers.provider import FORM, ProviderNetwork, connect_provider
from tests.support.system.system import HttpResponse, System, environment

pytestmark = pytest.mark.moto

URL = "https://tickets.test/sandbox/pay/cs_test_1"
SUCCESS, CANCEL = "https://shop.test/thanks", "https://shop.test/back"


@pytest.fixture
def provider(system: System) -> Iterator[ProviderNetwork]:
    with connect_provider(system) as network:
        yield network


@pytest.fixture
def session(system: System) -> None:
    """An open session of 12.50 EUR that no payment refers to."""
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


def get_page(system: System, path: str = "cs_test_1") -> str:
    response = system.http(f"GET /sandbox/pay/{path}")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return decoded_html(response)


def decoded_html(response: HttpResponse) -> str:
    return base64.b64decode(response.text).decode()


def buttons(page: str) -> list[str]:
    return re.findall(r'name="outcome" value="(\w+)"', page)


def test_page_offers_every_outcome(system: System, session: None) -> None:
    page = get_page(system)

    assert "12.50 EUR" in page
    assert "Two places" in page
    assert buttons(page) == ["paid", "3ds", "declined", "abandoned"]


def test_page_is_plain_accessible_html(system: System, session: None) -> None:
    page = get_page(system)

    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert page.count("<h1>") == page.count("<main>") == page.count("<title>") == 1
    assert "<script" not in page
    response = system.http("GET /sandbox/pay/cs_test_1")
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["cache-control"] == "no-store"


def test_merchant_texts_are_escaped(system: System) -> None:
    store_session(description="<script>alert(1)</script>{0}", url='https://tickets.test/"><script>')

    page = get_page(system)

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{0}" in page


@pytest.mark.parametrize(
    ("currency", "amount", "formatted"),
    [("eur", 5, "0.05 EUR"), ("jpy", 1250, "1250 JPY"), ("kwd", 1250, "1.250 KWD"), ("isk", 1250, "12.50 ISK")],
)
def test_amounts_have_the_decimals_of_their_currency(
    system: System, currency: str, amount: int, formatted: str
) -> None:
    store_session(currency=currency, amount_total=amount)

    assert formatted in get_page(system)


def test_payment_completes_the_session_and_notifies_the_merchant(
    system: System, session: None, provider: ProviderNetwork
) -> None:
    response = provider.choose_outcome(URL, "paid")

    assert (response.status, response.headers["location"]) == (303, SUCCESS)
    assert (stored(system)["status"], stored(system)["payment_intent"]) == ("complete", "pi_1")
    (webhook,) = provider.webhooks
    assert (webhook.event["type"], webhook.event["object"]) == ("checkout.session.completed", "event")
    session_object = webhook.event["data"]["object"]
    assert (session_object["id"], session_object["payment_status"], session_object["amount_total"]) == (
        "cs_test_1",
        "paid",
        1250,
    )


def test_paying_again_sends_the_identical_event(system: System, session: None, provider: ProviderNetwork) -> None:
    provider.choose_outcome(URL, "paid")
    response = provider.choose_outcome(URL, "paid")

    assert response.headers["location"] == SUCCESS
    assert len({one.body for one in provider.webhooks}) == 1
    assert len(provider.webhooks) == 2


def test_unaccepted_event_is_resent_under_its_id(system: System, session: None, provider: ProviderNetwork) -> None:
    provider.lost_webhooks = 2

    response = provider.choose_outcome(URL, "paid")

    assert response.headers["location"] == SUCCESS
    assert (len(provider.webhooks), len({one.event["id"] for one in provider.webhooks})) == (3, 1)


def test_undelivered_event_can_be_sent_later(system: System, session: None, provider: ProviderNetwork) -> None:
    provider.lost_webhooks = 3
    failed = provider.choose_outcome(URL, "paid")
    page = get_page(system)
    sent = provider.choose_outcome(URL, "paid")

    assert (failed.headers["location"], sent.headers["location"]) == (URL, SUCCESS)
    assert (stored(system)["status"], buttons(page)) == ("complete", ["paid"])
    assert len({one.event["id"] for one in provider.webhooks}) == 1


def test_declined_card_leaves_the_session_open(system: System, session: None, provider: ProviderNetwork) -> None:
    for _ in range(2):
        assert provider.choose_outcome(URL, "declined").headers["location"] == URL

    assert stored(system)["status"] == "open"
    assert 'role="alert"' in get_page(system)
    events = [one.event for one in provider.webhooks]
    assert {one["type"] for one in events} == {"payment_intent.payment_failed"}
    assert len({one["id"] for one in events}) == 2
    assert events[0]["data"]["object"]["metadata"] == {"payment_id": "p"}


def test_three_d_secure_challenge_sends_no_webhook(system: System, session: None, provider: ProviderNetwork) -> None:
    challenge = provider.choose_outcome(URL, "3ds")

    assert (challenge.status, buttons(decoded_html(challenge))) == (200, ["paid", "declined"])
    assert (stored(system)["status"], provider.webhooks) == ("open", [])


@pytest.mark.parametrize(("fields", "return_url"), [({}, CANCEL), ({"cancel_url": None}, SUCCESS)])
def test_abandoning_changes_nothing(
    system: System, provider: ProviderNetwork, fields: dict[str, Any], return_url: str
) -> None:
    store_session(**fields)

    response = provider.choose_outcome(URL, "abandoned")

    assert (response.status, response.headers["location"]) == (303, return_url)
    assert (stored(system)["status"], provider.webhooks) == ("open", [])


@pytest.mark.parametrize("outcome", ["paid", "declined", "3ds"])
def test_expired_session_accepts_no_payment(system: System, provider: ProviderNetwork, outcome: str) -> None:
    store_session(status="expired")

    response = provider.choose_outcome(URL, outcome)

    assert (response.status, response.headers["location"]) == (303, URL)
    assert (stored(system)["status"], provider.webhooks) == ("expired", [])
    assert buttons(get_page(system)) == ["late", "abandoned"]


def test_late_money_can_arrive_after_session_expiry(system: System, provider: ProviderNetwork) -> None:
    store_session(status="expired")

    response = provider.choose_outcome(URL, "late")

    assert response.headers["location"] == SUCCESS
    assert (stored(system)["payment_status"], len(provider.webhooks)) == ("paid", 1)


def test_open_session_accepts_no_late_money(system: System, session: None, provider: ProviderNetwork) -> None:
    assert provider.choose_outcome(URL, "late").headers["location"] == URL
    assert (stored(system)["status"], provider.webhooks) == ("open", [])


@pytest.mark.parametrize("body", [b"", b"outcome=", b"outcome=stolen", b"\xff", b"outcome[a]=paid", b"a=1&a[b]=2"])
def test_foreign_form_changes_nothing(system: System, session: None, provider: ProviderNetwork, body: bytes) -> None:
    response = system.http("POST /sandbox/pay/cs_test_1", raw=body, headers=FORM)

    assert "nothing to pay" in decoded_html(response)
    assert (stored(system)["status"], provider.webhooks) == ("open", [])


def test_unknown_session_has_nothing_to_pay(system: System, provider: ProviderNetwork) -> None:
    assert "nothing to pay" in get_page(system, "cs_test_unknown")
    sent = system.http("POST /sandbox/pay/cs_test_unknown", raw=urlencode({"outcome": "paid"}).encode(), headers=FORM)
    assert "nothing to pay" in decoded_html(sent)


def test_bounced_refund_is_reported_and_restores_the_amount(system: System, provider: ProviderNetwork) -> None:
    refund = {"id": "re_1", "object": "refund", "amount": 500, "status": "succeeded", "created": 7, "metadata": {}}
    store_session(status="complete", payment_status="paid", amount_refunded=500, refund_ids=["re_1"])
    with environment({"TABLE_SANDBOX": "test-sandbox"}):
        write(Put("sandbox", {"pk": "re_1", "sk": "refund"} | refund))

    for _ in range(2):
        assert provider.choose_outcome(URL, "bounced").status == 303

    items = {one["sk"]: one for one in system.scan(topology.SANDBOX)}
    assert (items["refund"]["status"], items["session"]["amount_refunded"]) == ("failed", 0)
    first, again = provider.webhooks
    assert first.body == again.body


def test_bounce_without_a_refund_does_nothing(system: System, provider: ProviderNetwork) -> None:
    store_session(status="complete", payment_status="paid")

    assert provider.choose_outcome(URL, "bounced").status == 303
    assert provider.webhooks == []
