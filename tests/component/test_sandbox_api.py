"""The sandbox's API, as the SDK and as a stranger find it: objects, errors, keys and bounds."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from infra import topology
from tests.support.provider import InProcess, Provider, connect
from tests.support.system import PROVIDER_SECRET, VALUES, Reply, System

KEY = PROVIDER_SECRET["api_key"]
FORM = {
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
def provider(system: System) -> Iterator[Provider]:
    with connect(system) as wire:
        wire.held = True
        yield wire


@pytest.fixture
def client(provider: Provider) -> stripe.StripeClient:
    """The real SDK, as any merchant would set it up."""
    return stripe.StripeClient(
        KEY, base_addresses={"api": VALUES["PROVIDER_API"]}, http_client=InProcess(provider), max_network_retries=0
    )


def ask(
    system: System, call: str, form: Any = None, *, key: str | None = None, auth: str | None = f"Bearer {KEY}"
) -> Reply:
    headers = {"content-type": "application/x-www-form-urlencoded"} | ({"authorization": auth} if auth else {})
    raw = form if isinstance(form, bytes) else urlencode(form).encode() if form is not None else None
    return system.http(call, raw=raw, headers=headers, key=key)


def create(system: System, key: str | None = None, **changes: str | None) -> Reply:
    form = {name: value for name, value in (FORM | changes).items() if value is not None}
    return ask(system, "POST /sandbox/v1/checkout/sessions", form, key=key)


def paid(system: System, provider: Provider) -> Any:
    """A session of 25.00 EUR that was paid."""
    session = create(system).json
    provider.choose(session["url"], "paid")
    return ask(system, f"GET /sandbox/v1/checkout/sessions/{session['id']}").json


def refund(system: System, key: str | None = None, **form: str) -> Reply:
    return ask(system, "POST /sandbox/v1/refunds", form, key=key)


def test_a_session_is_an_object_like_stripes(system: System) -> None:
    session = create(system).json

    assert session["id"].startswith("cs_test_")
    said = {
        "object": "checkout.session",
        "mode": "payment",
        "status": "open",
        "payment_status": "unpaid",
        "livemode": False,
    }
    said |= {"amount_total": 2500, "currency": "eur", "client_reference_id": "p-1", "metadata": {"payment_id": "p-1"}}
    assert said.items() <= session.items()
    assert session["url"] == f"https://tickets.test/sandbox/pay/{session['id']}"
    assert session["payment_intent"] is None
    assert not {"pk", "sk", "digest", "expires_at"} & session.keys()


def test_the_sdk_creates_finds_and_expires_a_session(client: stripe.StripeClient) -> None:
    price: Any = {"currency": "eur", "unit_amount": 700, "product_data": {"name": "One place"}}
    params: Any = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": "https://s.test",
    }
    sessions = client.v1.checkout.sessions

    made = sessions.create(params=params)

    assert (sessions.retrieve(made.id).status, sessions.expire(made.id).status) == ("open", "expired")
    with pytest.raises(stripe.InvalidRequestError, match="expired"):
        sessions.expire(made.id)


def test_the_sdk_refunds_what_was_paid(client: stripe.StripeClient, system: System, provider: Provider) -> None:
    session = paid(system, provider)

    made = client.v1.refunds.create(params={"payment_intent": session["payment_intent"], "amount": 2500})

    assert (made.status, made.amount, made.currency) == ("succeeded", 2500, "eur")


def test_a_form_that_the_gateway_encoded_is_read_alike(system: System) -> None:
    event = {
        "requestContext": {"requestId": "r"},
        "headers": {"authorization": f"Bearer {KEY}"},
        "body": base64.b64encode(urlencode(FORM).encode()).decode(),
        "isBase64Encoded": True,
    }

    answer = system.invoke("sandbox.create_session", event)

    assert (answer["statusCode"], json.loads(answer["body"])["amount_total"]) == (200, 2500)


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
def test_without_the_api_key_nothing_is_answered(system: System, call: str, auth: str | None) -> None:
    reply = ask(system, call, FORM if call.startswith("POST") else None, auth=auth)

    assert (reply.status, reply.json["error"]["type"]) == (401, "invalid_request_error")


def test_the_api_key_may_come_as_a_basic_user(system: System) -> None:
    basic = base64.b64encode(f"{KEY}:".encode()).decode()

    assert ask(system, "POST /sandbox/v1/checkout/sessions", FORM, auth=f"Basic {basic}").status == 200


def test_an_idempotency_key_repeats_its_object(system: System) -> None:
    first, again, other = create(system, "k"), create(system, "k"), create(system, "l")

    assert first.json == again.json
    assert first.json["id"] != other.json["id"]


def test_an_idempotency_key_with_other_parameters_is_an_error(system: System) -> None:
    create(system, "k")

    reply = create(system, "k", client_reference_id="p-2")

    assert (reply.status, reply.json["error"]["type"]) == (400, "idempotency_error")


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
def test_wrong_parameters_are_named(system: System, changes: dict[str, str | None], param: str) -> None:
    reply = create(system, **changes)

    assert (reply.status, reply.json["error"]["code"]) == (400, "parameter_invalid")
    assert param in (reply.json["error"]["param"], "line_items[0][quantity]")


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{}", b"a" * 5000, b"a=%ff", b"&".join([b"a=1"] * 300), b"a=1&a[b]=2", b"[]=1"]
)
def test_a_body_that_is_no_form_is_an_error_and_never_a_fault(system: System, body: bytes) -> None:
    reply = ask(system, "POST /sandbox/v1/checkout/sessions", body)

    assert (reply.status, reply.json["error"]["type"]) == (400, "invalid_request_error")


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
def test_what_is_too_large_too_deep_or_of_another_type_is_an_error_like_stripes(
    system: System, more: dict[str, str]
) -> None:
    reply = create(system, **more)

    assert (reply.status, reply.json["error"]["type"]) == (400, "invalid_request_error")
    assert reply.json["error"]["message"]


@pytest.mark.parametrize("amount", ["0", "-1", "9" * 45, "9" * 6000, "1.5", "x", ""])
def test_an_amount_that_is_none_is_an_error_like_stripes(system: System, provider: Provider, amount: str) -> None:
    reply = refund(system, payment_intent=paid(system, provider)["payment_intent"], amount=amount)

    assert (reply.status, reply.json["error"]["param"]) == (400, "amount")


def test_an_idempotency_key_of_unlikely_length_is_an_error(system: System) -> None:
    assert create(system, "k" * 255).status == 200
    assert create(system, "k" * 256).json["error"]["type"] == "invalid_request_error"


def test_parameters_of_the_address_that_it_does_not_heed_are_let_pass(system: System) -> None:
    session = create(system).json
    headers = {"authorization": f"Bearer {KEY}"}

    call = f"GET /sandbox/v1/checkout/sessions/{session['id']}"
    reply = system.http(call, headers=headers, query={"expand[]": "payment_intent"})

    assert (reply.status, reply.json["id"]) == (200, session["id"])


def test_a_first_refund_can_be_refused_for_practice(system: System, provider: Provider) -> None:
    session = create(system).json
    provider.choose(session["url"], "paid_refusing")
    intent = session["id"].replace("cs_test_", "pi_")

    first, second = (refund(system, key, payment_intent=intent, amount="100") for key in ("k", "l"))

    assert (first.status, first.json["error"]["code"]) == (400, "balance_insufficient")
    assert (second.status, second.json["amount"]) == (200, 100)
    shown = ask(system, f"GET /sandbox/v1/checkout/sessions/{session['id']}").json
    assert "refuses" not in shown


@pytest.mark.parametrize(
    "call", ["GET /sandbox/v1/checkout/sessions/nothing", "POST /sandbox/v1/checkout/sessions/nothing/expire"]
)
def test_an_unknown_session_is_missing(system: System, call: str) -> None:
    reply = ask(system, call)

    assert (reply.status, reply.json["error"]["code"]) == (404, "resource_missing")


def test_a_paid_session_cannot_be_expired(system: System, provider: Provider) -> None:
    session = paid(system, provider)

    reply = ask(system, f"POST /sandbox/v1/checkout/sessions/{session['id']}/expire")

    assert (reply.status, reply.json["error"]["type"]) == (400, "invalid_request_error")
    assert "complete" in reply.json["error"]["message"]
    assert (session["status"], session["payment_status"]) == ("complete", "paid")


def test_an_unpaid_session_cannot_be_refunded(system: System) -> None:
    intent = create(system).json["id"].replace("cs_test_", "pi_")

    assert refund(system, payment_intent=intent).status == 400


@pytest.mark.parametrize("intent", ["pi_" + "0" * 32, "pi_x", "", "cs_test_1"])
def test_an_unknown_payment_cannot_be_refunded(system: System, intent: str) -> None:
    reply = refund(system, payment_intent=intent)

    assert reply.status in (400, 404)
    assert reply.json["error"]["type"] == "invalid_request_error"


def test_the_refunds_of_a_payment_are_listed(client: stripe.StripeClient, system: System, provider: Provider) -> None:
    intent = paid(system, provider)["payment_intent"]
    before = client.v1.refunds.list(params={"payment_intent": intent, "limit": 100})
    made = [refund(system, payment_intent=intent, amount=amount).json["id"] for amount in ("100", "200")]

    after = client.v1.refunds.list(params={"payment_intent": intent, "limit": 100})

    assert (before.data, [one.id for one in after.auto_paging_iter()]) == ([], made)
    for intent in ("", "pi_x", "x" * 5000, "pi_" + "0" * 32):
        unknown = system.http(
            "GET /sandbox/v1/refunds", headers={"authorization": f"Bearer {KEY}"}, query={"payment_intent": intent}
        )
        assert (unknown.status, unknown.json["error"]["code"]) == (404, "resource_missing")


def test_refunds_are_bounded_by_what_was_paid(system: System, provider: Provider) -> None:
    intent = paid(system, provider)["payment_intent"]

    first = refund(system, payment_intent=intent, amount="2000")
    too_much = refund(system, payment_intent=intent, amount="501")
    rest = refund(system, payment_intent=intent)
    nothing_left = refund(system, payment_intent=intent)
    once_more = refund(system, payment_intent=intent, amount="1")

    assert (first.status, first.json["amount"], rest.json["amount"]) == (200, 2000, 500)
    assert (too_much.status, too_much.json["error"]["param"]) == (400, "amount")
    assert {one.json["error"]["code"] for one in (nothing_left, once_more)} == {"charge_already_refunded"}


def test_a_refund_larger_than_the_whole_is_refused(system: System, provider: Provider) -> None:
    intent = paid(system, provider)["payment_intent"]

    assert refund(system, payment_intent=intent, amount="2501").status == 400
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert "amount_refunded" not in session


def test_a_refund_repeated_with_its_key_is_one_refund(system: System, provider: Provider) -> None:
    intent = paid(system, provider)["payment_intent"]

    first = refund(system, "k", payment_intent=intent, amount="2500")
    again = refund(system, "k", payment_intent=intent, amount="2500")
    misused = refund(system, "k", payment_intent=intent, amount="1")

    assert first.json == again.json
    assert (misused.status, misused.json["error"]["type"]) == (400, "idempotency_error")
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert session["amount_refunded"] == 2500
