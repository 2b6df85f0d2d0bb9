"""The sandbox's API, with the SDK and with raw requests: objects, errors, keys and limits."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from infra import topology
from tests.support.drivers.provider import InProcessTransport, ProviderNetwork, connect_provider
from tests.support.system.system import PROVIDER_SECRET, STAGE_SETTINGS, HttpResponse, System

KEY = PROVIDER_SECRET["api_key"]
SESSION_FORM = {
    "mode": "payment",
    "line_items[0][quantity]": "2",
    "line_items[0][price_data][currency]": "eur",
    "line_items[0][price_data][unit_amount]": "1250",
    "line_items[0][price_data][product_data][name]": "Two places",
    "client_reference_id": "p-1",
    "metadata[payment_id]": "p-1",
    "success_url": "https://shop.test/thanks",
    "cancel_url": "https://shop.test/back",
}


@pytest.fixture
def provider(system: System) -> Iterator[ProviderNetwork]:
    with connect_provider(system) as network:
        network.holds_webhooks = True
        yield network


@pytest.fixture
def client(provider: ProviderNetwork) -> stripe.StripeClient:
    """The real SDK, configured as by a merchant."""
    return stripe.StripeClient(
        KEY,
        base_addresses={"api": STAGE_SETTINGS["PROVIDER_API"]},
        http_client=InProcessTransport(provider),
        max_network_retries=0,
    )


def call_api(
    system: System, call: str, form: Any = None, *, key: str | None = None, auth: str | None = f"Bearer {KEY}"
) -> HttpResponse:
    headers = {"content-type": "application/x-www-form-urlencoded"} | ({"authorization": auth} if auth else {})
    raw = form if isinstance(form, bytes) else urlencode(form).encode() if form is not None else None
    return system.http(call, raw=raw, headers=headers, key=key)


def create_session(system: System, key: str | None = None, **changes: str | None) -> HttpResponse:
    form = {name: value for name, value in (SESSION_FORM | changes).items() if value is not None}
    return call_api(system, "POST /sandbox/v1/checkout/sessions", form, key=key)


def paid_session(system: System, provider: ProviderNetwork) -> Any:
    """A paid session of 25.00 EUR."""
    session = create_session(system).json
    provider.choose_outcome(session["url"], "paid")
    return call_api(system, f"GET /sandbox/v1/checkout/sessions/{session['id']}").json


def create_refund(system: System, key: str | None = None, **form: str) -> HttpResponse:
    return call_api(system, "POST /sandbox/v1/refunds", form, key=key)


def test_session_resembles_a_stripe_object(system: System) -> None:
    session = create_session(system).json

    assert session["id"].startswith("cs_test_")
    expected = {
        "object": "checkout.session",
        "mode": "payment",
        "status": "open",
        "payment_status": "unpaid",
        "livemode": False,
    }
    expected |= {
        "amount_total": 2500,
        "currency": "eur",
        "client_reference_id": "p-1",
        "metadata": {"payment_id": "p-1"},
    }
    assert expected.items() <= session.items()
    assert session["url"] == f"https://tickets.test/sandbox/pay/{session['id']}"
    assert session["payment_intent"] is None
    assert not {"pk", "sk", "digest", "expires_at"} & session.keys()


def test_sdk_creates_retrieves_and_expires_a_session(client: stripe.StripeClient) -> None:
    price: Any = {"currency": "eur", "unit_amount": 700, "product_data": {"name": "One place"}}
    params: Any = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": "https://s.test",
    }
    sessions = client.v1.checkout.sessions

    session = sessions.create(params=params)

    assert (sessions.retrieve(session.id).status, sessions.expire(session.id).status) == ("open", "expired")
    with pytest.raises(stripe.InvalidRequestError, match="expired"):
        sessions.expire(session.id)


def test_sdk_refunds_a_paid_session(client: stripe.StripeClient, system: System, provider: ProviderNetwork) -> None:
    session = paid_session(system, provider)

    created = client.v1.refunds.create(params={"payment_intent": session["payment_intent"], "amount": 2500})

    assert (created.status, created.amount, created.currency) == ("succeeded", 2500, "eur")


def test_base64_encoded_form_is_parsed(system: System) -> None:
    event = {
        "requestContext": {"requestId": "r"},
        "headers": {"authorization": f"Bearer {KEY}"},
        "body": base64.b64encode(urlencode(SESSION_FORM).encode()).decode(),
        "isBase64Encoded": True,
    }

    response = system.invoke("sandbox.create_session", event)

    assert (response["statusCode"], json.loads(response["body"])["amount_total"]) == (200, 2500)


@pytest.mark.parametrize(
    "auth",
    [
        None,
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {KEY}x",
        f"Token {KEY[:-1]}",
        "Basic !!!",
        "Basic /w==",
        "Bearer \u00e4",
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        "POST /sandbox/v1/checkout/sessions",
        "GET /sandbox/v1/checkout/sessions/cs_test_1",
        "POST /sandbox/v1/checkout/sessions/cs_test_1/expire",
        "POST /sandbox/v1/refunds",
    ],
)
def test_requests_without_api_key_are_unauthorized(system: System, call: str, auth: str | None) -> None:
    response = call_api(system, call, SESSION_FORM if call.startswith("POST") else None, auth=auth)

    assert (response.status, response.json["error"]["type"]) == (401, "invalid_request_error")


def test_api_key_is_accepted_as_basic_user(system: System) -> None:
    basic = base64.b64encode(f"{KEY}:".encode()).decode()

    assert call_api(system, "POST /sandbox/v1/checkout/sessions", SESSION_FORM, auth=f"Basic {basic}").status == 200


def test_idempotency_key_returns_the_same_object(system: System) -> None:
    first, again, other = create_session(system, "k"), create_session(system, "k"), create_session(system, "l")

    assert first.json == again.json
    assert first.json["id"] != other.json["id"]


def test_idempotency_key_with_other_parameters_is_an_error(system: System) -> None:
    create_session(system, "k")

    response = create_session(system, "k", client_reference_id="p-2")

    assert (response.status, response.json["error"]["type"]) == (400, "idempotency_error")


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": None}, "mode"),
        ({"mode": "subscription"}, "mode"),
        ({"success_url": None}, "success_url"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"line_items[0][price_data][unit_amount]": "0"}, "line_items[0][price_data][unit_amount]"),
        ({"line_items[0][price_data][unit_amount]": "12.5"}, "line_items[0][price_data][unit_amount]"),
        ({"line_items[0][price_data][unit_amount]": "-1"}, "line_items[0][price_data][unit_amount]"),
        ({"line_items[0][price_data][currency]": "EUR"}, "line_items[0][price_data][currency]"),
        ({"line_items": "x"}, "line_items[0][quantity]"),
    ],
)
def test_invalid_parameters_are_named(system: System, changes: dict[str, str | None], param: str) -> None:
    response = create_session(system, **changes)

    assert (response.status, response.json["error"]["code"]) == (400, "parameter_invalid")
    assert param in (response.json["error"]["param"], "line_items[0][quantity]")


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{}", b"a" * 5000, b"a=%ff", b"&".join([b"a=1"] * 300), b"a=1&a[b]=2", b"[]=1"]
)
def test_malformed_form_is_a_client_error(system: System, body: bytes) -> None:
    response = call_api(system, "POST /sandbox/v1/checkout/sessions", body)

    assert (response.status, response.json["error"]["type"]) == (400, "invalid_request_error")


def with_metadata(size: int, fields: int = 1) -> dict[str, str]:
    return {f"metadata[{at}]": "x" * size for at in range(fields)}


@pytest.mark.parametrize(
    "more",
    [
        with_metadata(501), with_metadata(400_000), with_metadata(499, 51), {"metadata[" + "n" * 41 + "]": "x"},
        {"x" + "[y]" * 15_000: "1"}, {"x" + "[y]" * 8: "1"}, {"metadata[a][b]": "c"}, {"metadata": "c"},
        {"line_items[0][quantity]": "9" * 6000}, {"line_items[0][quantity]": "1e3"}, {"line_items[1]": "x"},
        {"line_items[1][quantity]": "1", "line_items[1][price_data][currency]": "usd",
         "line_items[1][price_data][unit_amount]": "1", "line_items[1][price_data][product_data][name]": "x"},
        {"success_url": "https://" + "a" * 5000}, {"client_reference_id": "x" * 201},
    ],
    ids=lambda more: next(iter(more))[:40],
)  # fmt: skip
def test_oversized_nested_or_mistyped_parameters_are_client_errors(system: System, more: dict[str, str]) -> None:
    response = create_session(system, **more)

    assert (response.status, response.json["error"]["type"]) == (400, "invalid_request_error")
    assert response.json["error"]["message"]


@pytest.mark.parametrize("amount", ["0", "-1", "9" * 45, "9" * 6000, "1.5", "x", ""])
def test_invalid_refund_amount_is_a_client_error(system: System, provider: ProviderNetwork, amount: str) -> None:
    response = create_refund(system, payment_intent=paid_session(system, provider)["payment_intent"], amount=amount)

    assert (response.status, response.json["error"]["param"]) == (400, "amount")


def test_overlong_idempotency_key_is_an_error(system: System) -> None:
    assert create_session(system, "k" * 255).status == 200
    assert create_session(system, "k" * 256).json["error"]["type"] == "invalid_request_error"


def test_unknown_query_parameters_are_ignored(system: System) -> None:
    session = create_session(system).json
    headers = {"authorization": f"Bearer {KEY}"}

    call = f"GET /sandbox/v1/checkout/sessions/{session['id']}"
    response = system.http(call, headers=headers, query={"expand[]": "payment_intent"})

    assert (response.status, response.json["id"]) == (200, session["id"])


def test_first_refund_can_be_rejected_on_request(system: System, provider: ProviderNetwork) -> None:
    session = create_session(system).json
    provider.choose_outcome(session["url"], "paid_refusing")
    intent = session["id"].replace("cs_test_", "pi_")

    first, second = (create_refund(system, key, payment_intent=intent, amount="100") for key in ("k", "l"))

    assert (first.status, first.json["error"]["code"]) == (400, "balance_insufficient")
    assert (second.status, second.json["amount"]) == (200, 100)
    session_object = call_api(system, f"GET /sandbox/v1/checkout/sessions/{session['id']}").json
    assert "refuses" not in session_object


@pytest.mark.parametrize(
    "call", ["GET /sandbox/v1/checkout/sessions/nothing", "POST /sandbox/v1/checkout/sessions/nothing/expire"]
)
def test_unknown_session_is_not_found(system: System, call: str) -> None:
    response = call_api(system, call)

    assert (response.status, response.json["error"]["code"]) == (404, "resource_missing")


def test_paid_session_cannot_be_expired(system: System, provider: ProviderNetwork) -> None:
    session = paid_session(system, provider)

    response = call_api(system, f"POST /sandbox/v1/checkout/sessions/{session['id']}/expire")

    assert (response.status, response.json["error"]["type"]) == (400, "invalid_request_error")
    assert "complete" in response.json["error"]["message"]
    assert (session["status"], session["payment_status"]) == ("complete", "paid")


def test_unpaid_session_cannot_be_refunded(system: System) -> None:
    intent = create_session(system).json["id"].replace("cs_test_", "pi_")

    assert create_refund(system, payment_intent=intent).status == 400


@pytest.mark.parametrize("intent", ["pi_" + "0" * 32, "pi_x", "", "cs_test_1"])
def test_unknown_payment_cannot_be_refunded(system: System, intent: str) -> None:
    response = create_refund(system, payment_intent=intent)

    assert response.status in (400, 404)
    assert response.json["error"]["type"] == "invalid_request_error"


def test_refunds_of_a_payment_are_listed(
    client: stripe.StripeClient, system: System, provider: ProviderNetwork
) -> None:
    intent = paid_session(system, provider)["payment_intent"]
    before = client.v1.refunds.list(params={"payment_intent": intent, "limit": 100})
    refund_ids = [create_refund(system, payment_intent=intent, amount=amount).json["id"] for amount in ("100", "200")]

    after = client.v1.refunds.list(params={"payment_intent": intent, "limit": 100})

    assert (before.data, [one.id for one in after.auto_paging_iter()]) == ([], refund_ids)
    for intent in ("", "pi_x", "x" * 5000, "pi_" + "0" * 32):
        unknown = system.http(
            "GET /sandbox/v1/refunds", headers={"authorization": f"Bearer {KEY}"}, query={"payment_intent": intent}
        )
        assert (unknown.status, unknown.json["error"]["code"]) == (404, "resource_missing")


def test_refunds_never_exceed_the_payment(system: System, provider: ProviderNetwork) -> None:
    intent = paid_session(system, provider)["payment_intent"]

    first = create_refund(system, payment_intent=intent, amount="2000")
    too_much = create_refund(system, payment_intent=intent, amount="501")
    rest = create_refund(system, payment_intent=intent)
    nothing_left = create_refund(system, payment_intent=intent)
    once_more = create_refund(system, payment_intent=intent, amount="1")

    assert (first.status, first.json["amount"], rest.json["amount"]) == (200, 2000, 500)
    assert (too_much.status, too_much.json["error"]["param"]) == (400, "amount")
    assert {one.json["error"]["code"] for one in (nothing_left, once_more)} == {"charge_already_refunded"}


def test_refund_above_the_total_is_rejected(system: System, provider: ProviderNetwork) -> None:
    intent = paid_session(system, provider)["payment_intent"]

    assert create_refund(system, payment_intent=intent, amount="2501").status == 400
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert "amount_refunded" not in session


def test_refund_repeated_with_its_key_is_one_refund(system: System, provider: ProviderNetwork) -> None:
    intent = paid_session(system, provider)["payment_intent"]

    first = create_refund(system, "k", payment_intent=intent, amount="2500")
    again = create_refund(system, "k", payment_intent=intent, amount="2500")
    misused = create_refund(system, "k", payment_intent=intent, amount="1")

    assert first.json == again.json
    assert (misused.status, misused.json["error"]["type"]) == (400, "idempotency_error")
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert session["amount_refunded"] == 2500
