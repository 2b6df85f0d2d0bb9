"""Webhooks: signatures, repeated events, captures, refunds, and ignored events."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from common import env
from infra import topology
from tests.support.drivers.payment_driver import HOLD_TIME, Order, outbox_entries
from tests.support.drivers.provider import ProviderNetwork, WebhookRequest
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.moto_resources import aws_client, secret_name
from tests.support.system.system import PROVIDER_SECRET, HttpResponse, System, row

SECRET = PROVIDER_SECRET["webhook_secret"]


@pytest.fixture
def order(system: System, provider: ProviderNetwork) -> Order:
    """A paid order whose webhook is held back."""
    opened = Order()
    system.deliver(opened.booking_ordered(), "payment.on_booking_ordered")
    provider.holds_webhooks = True
    provider.pay(opened.buyer, opened.id, opened.prices)
    return opened


@pytest.fixture
def paid_webhook(order: Order, provider: ProviderNetwork) -> WebhookRequest:
    """The webhook that reports the payment of `order`."""
    return provider.webhooks[-1]


def signed(
    body: bytes, clock: MovableClock, *, secret: str = SECRET, skew: int = 0, header: str = "t={t},v1={v1}"
) -> WebhookRequest:
    moment = int(clock.now.timestamp()) + skew
    v1 = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return WebhookRequest(body, {"stripe-signature": header.format(t=moment, v1=v1)})


def with_changes(delivery: WebhookRequest, clock: MovableClock, **changes: Any) -> WebhookRequest:
    """The event with a changed object and a valid signature; `id` and `type` change the event itself."""
    event = delivery.event
    for name in ("id", "type"):
        event[name] = changes.pop(name, event[name])
    event["data"]["object"] |= changes
    return signed(json.dumps(event).encode(), clock)


def status(order: Order, system: System) -> str:
    return str(order.stored_payment(system)["status"])


def test_full_capture_pays_the_order(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest
) -> None:
    assert status(order, system) == "PENDING"

    response = provider.send_webhook(paid_webhook)

    item = order.stored_payment(system)
    assert (response.status, response.json) == (200, {"received": True})
    assert (item["status"], item["provider_payment"]) == (
        "SUCCEEDED",
        paid_webhook.event["data"]["object"]["payment_intent"],
    )
    assert outbox_entries(item) == [{"bus_event": "PaymentSucceeded.v1"}]
    assert item["paid_at"] == "2031-05-01T09:00:00.000Z"


def test_signature_is_verified_over_base64_decoded_bytes(
    system: System, order: Order, paid_webhook: WebhookRequest
) -> None:
    event = {
        "requestContext": {"requestId": "r"},
        "headers": {"Stripe-Signature": paid_webhook.headers["stripe-signature"], "content-type": "application/json"},
        "body": base64.b64encode(paid_webhook.body).decode(),
        "isBase64Encoded": True,
    }

    assert system.invoke("payment.receive_webhook", event)["statusCode"] == 200
    assert status(order, system) == "SUCCEEDED"


@pytest.mark.parametrize("skew", [-301, -86_400, 301, 86_400], ids="{} s".format)
def test_signature_outside_the_tolerance_is_rejected(
    system: System,
    order: Order,
    provider: ProviderNetwork,
    paid_webhook: WebhookRequest,
    clock: MovableClock,
    skew: int,
) -> None:
    refused = provider.send_webhook(signed(paid_webhook.body, clock, skew=skew))
    nearly = provider.send_webhook(signed(paid_webhook.body, clock, skew=300 if skew > 0 else -300))

    assert (refused.status, refused.problem) == (400, "invalid-signature")
    assert nearly.status == 200


@pytest.mark.parametrize(
    "tamper",
    [
        lambda body: body + b" ",
        lambda body: body.replace(b"5000", b"5001"),
        lambda body: json.dumps(json.loads(body), separators=(",", ":")).encode(),
    ],
    ids=["one byte more", "another amount", "reserialised"],
)
def test_modified_body_is_rejected(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, tamper: Any
) -> None:
    response = provider.send_webhook(WebhookRequest(tamper(paid_webhook.body), paid_webhook.headers))

    assert (response.status, response.problem) == (400, "invalid-signature")
    assert status(order, system) == "PENDING"


@pytest.mark.parametrize(
    "header",
    [
        "", "garbage", "t=,v1=", "t={t}", "v1={v1}", "t={t},v0={v1}", "t=x,v1={v1}", "t={t},v1=\u00e4", "=", ",,,",
        "t={t},v1={v1}0", "t=" + "9" * 5000 + ",v1={v1}", "t=-1,v1={v1}", "t=1,t={t},v1={v1}", "t==,v1={v1}",
    ],
)  # fmt: skip
def test_malformed_signature_header_is_rejected(
    system: System,
    order: Order,
    provider: ProviderNetwork,
    paid_webhook: WebhookRequest,
    clock: MovableClock,
    header: str,
) -> None:
    response = provider.send_webhook(signed(paid_webhook.body, clock, header=header))

    assert (response.status, response.problem) == (400, "invalid-signature")
    assert status(order, system) == "PENDING"


def test_missing_or_foreign_signature_is_rejected(
    order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    assert provider.send_webhook(WebhookRequest(paid_webhook.body, {})).problem == "invalid-signature"
    assert (
        provider.send_webhook(signed(paid_webhook.body, clock, secret="whsec_another")).problem == "invalid-signature"
    )


@pytest.mark.moto
@pytest.mark.parametrize(("previous_secret", "expected_status"), [("whsec_before", 200), ("", 400), (None, 400)])
def test_previous_secret_is_accepted_during_rotation(
    order: Order,
    provider: ProviderNetwork,
    paid_webhook: WebhookRequest,
    clock: MovableClock,
    previous_secret: str | None,
    expected_status: int,
) -> None:
    secret = PROVIDER_SECRET | ({} if previous_secret is None else {"previous_webhook_secret": previous_secret})
    name = secret_name(topology.PROVIDER.env)
    aws_client("secretsmanager").put_secret_value(SecretId=name, SecretString=json.dumps(secret))
    env.clear_cache()

    before = provider.send_webhook(signed(paid_webhook.body, clock, secret="whsec_before"))
    stranger = provider.send_webhook(signed(paid_webhook.body, clock, secret="whsec_another"))
    now = provider.send_webhook(paid_webhook)

    assert (before.status, stranger.status, now.status) == (expected_status, 400, 200)


@pytest.mark.parametrize("header", ["t={t},v1=00,v1={v1}", "t={t}=x,v1={v1}", "t={t},v1={v1},t=1"])
def test_signature_header_with_extra_parts_is_accepted(
    order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock, header: str
) -> None:
    assert provider.send_webhook(signed(paid_webhook.body, clock, header=header)).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"id": 1, "type": 2}', b"NaN", b"\xff\xfe", b"[" * 100_000,
        b'{"id":"e","id":"f"}', b'{"id":"\\ud800"}', b"9" * 5000, b" " * 70_000, b'{"a":1e400}',
        b'{"id":"e","type":"checkout.session.completed","created":1,"data":{"object":{}}}',
        b'{"id":"e","type":"checkout.session.completed","created":1,"data":{"object":{"id":1,"metadata":"x"}}}',
        b'{"id":"","type":"checkout.session.completed","created":1,"data":{"object":{"id":"x"}}}',
    ],
)  # fmt: skip
def test_signed_invalid_body_is_a_client_error(
    provider: ProviderNetwork, clock: MovableClock, system: System, body: bytes
) -> None:
    response = send_bytes(system, signed(body, clock))

    assert 400 <= response.status < 500


def send_bytes(system: System, delivery: WebhookRequest) -> HttpResponse:
    event = {
        "requestContext": {"requestId": "r"},
        "headers": dict(delivery.headers),
        "body": base64.b64encode(delivery.body).decode(),
        "isBase64Encoded": True,
    }
    return HttpResponse(system.invoke(row("payment.receive_webhook"), event))


def test_repeated_event_changes_nothing(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    provider.send_webhook(paid_webhook)
    before = system.scan(topology.PAYMENTS)
    clock.advance(hours=1)

    again = provider.send_webhook(signed(paid_webhook.body, clock))

    assert again.status == 200
    assert system.scan(topology.PAYMENTS) == before


def test_same_event_in_another_envelope_is_a_repeat(
    order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    provider.send_webhook(paid_webhook)
    event = paid_webhook.event | {"pending_webhooks": 0, "api_version": "another"}

    assert provider.send_webhook(signed(json.dumps(event).encode(), clock)).status == 200


def test_reused_event_id_is_rejected_and_counted(
    system: System,
    order: Order,
    provider: ProviderNetwork,
    paid_webhook: WebhookRequest,
    clock: MovableClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    provider.send_webhook(paid_webhook)
    capsys.readouterr()

    response = provider.send_webhook(with_changes(paid_webhook, clock, amount_total=1))

    assert (response.status, response.problem) == (409, "event-id-reused")
    assert "ProviderEventsForged" in capsys.readouterr().out
    assert (status(order, system), provider.successful_refunds()) == ("SUCCEEDED", [])


def test_events_are_kept_longer_than_provider_retries(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    provider.send_webhook(paid_webhook)

    (record,) = (one for one in system.scan(topology.PAYMENTS) if one["sk"] == "event")
    assert record["expires_at"] - clock.now.timestamp() >= 30 * 86_400


def test_second_event_for_one_capture_changes_nothing(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    provider.send_webhook(paid_webhook)
    before = order.stored_payment(system)

    response = provider.send_webhook(
        with_changes(paid_webhook, clock, id="evt_other", type="checkout.session.async_payment_succeeded")
    )

    assert (response.status, order.stored_payment(system), provider.successful_refunds()) == (200, before, [])


@pytest.mark.parametrize("kind", ["checkout.session.completed", "checkout.session.async_payment_succeeded"])
def test_both_paid_event_types_succeed(
    system: System,
    order: Order,
    provider: ProviderNetwork,
    paid_webhook: WebhookRequest,
    clock: MovableClock,
    kind: str,
) -> None:
    provider.send_webhook(with_changes(paid_webhook, clock, type=kind))

    assert status(order, system) == "SUCCEEDED"


def test_completed_unpaid_session_pays_nothing(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    response = provider.send_webhook(with_changes(paid_webhook, clock, payment_status="unpaid"))

    assert (response.status, status(order, system)) == (200, "PENDING")


@pytest.mark.parametrize(
    "change", [{"amount_total": 4999}, {"amount_total": 5001}, {"currency": "usd"}, {"amount_total": None}], ids=str
)
def test_wrong_amount_or_currency_fails_and_is_refunded(
    system: System,
    order: Order,
    provider: ProviderNetwork,
    paid_webhook: WebhookRequest,
    clock: MovableClock,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
) -> None:
    response = provider.send_webhook(with_changes(paid_webhook, clock, **change))

    item = order.stored_payment(system)
    assert (response.status, item["status"]) == (200, "FAILED")
    assert item["reason"] == "amount_mismatch"
    assert outbox_entries(item) == [{"bus_event": "PaymentFailed.v1"}]
    assert "ProviderAmountMismatch" in capsys.readouterr().out
    intent = paid_webhook.event["data"]["object"]["payment_intent"]
    refund_calls = [one for one in provider.calls if one.call.endswith("/refunds")]
    assert [one.key for one in refund_calls] == [f"{order.payment_id}:unapplied:{intent}"]


def test_wrong_amount_is_refunded_once_despite_an_outage(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    wrong = with_changes(paid_webhook, clock, amount_total=4000)
    provider.is_down = True
    first = provider.send_webhook(wrong)
    provider.is_down = False
    second, third = provider.send_webhook(wrong), provider.send_webhook(wrong)

    assert (first.status, first.problem) == (503, "provider-unavailable")
    assert (second.status, third.status) == (200, 200)
    assert len({one.key for one in provider.successful_refunds()}) == 1
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert session["amount_refunded"] == 4000
    assert status(order, system) == "FAILED"


def test_second_capture_is_refunded(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    provider.send_webhook(paid_webhook)
    other = "pi_" + "0" * 32

    provider.send_webhook(with_changes(paid_webhook, clock, id="evt_second", payment_intent=other))

    refund_calls = [one for one in provider.calls if one.call.endswith("/refunds")]
    assert [one.key for one in refund_calls] == [f"{order.payment_id}:unapplied:{other}"]
    assert (status(order, system), order.stored_payment(system)["refunded"]) == ("SUCCEEDED", 0)


@pytest.mark.parametrize("ended", ["expired", "cancelled"])
def test_late_money_succeeds_without_a_refund(
    system: System, clock: MovableClock, provider: ProviderNetwork, capsys: pytest.CaptureFixture[str], ended: str
) -> None:
    order = Order()
    system.deliver(order.booking_ordered(), "payment.on_booking_ordered")
    url = system.http("POST /v1/payments", order.request, by=order.buyer).json["checkout_url"]
    clock.now += HOLD_TIME
    if ended == "expired":
        system.deliver(order.booking_ordered(), "payment.close_payment")
    else:
        system.deliver(order.booking_cancelled(), "payment.on_booking_cancelled")
    before = status(order, system)
    capsys.readouterr()

    provider.choose_outcome(url, "late")

    item = order.stored_payment(system)
    assert before == ("FAILED" if ended == "expired" else "CANCELLED")
    assert (item["status"], outbox_entries(item)) == ("SUCCEEDED", [{"bus_event": "PaymentSucceeded.v1"}])
    assert "PaymentsReceivedLate" in capsys.readouterr().out
    assert provider.successful_refunds() == []
    assert system.http(f"GET /v1/payments/{order.payment_id}", by=order.buyer).json["reason"] is None


def test_wrong_amount_after_the_end_is_only_refunded(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    provider.send_webhook(with_changes(paid_webhook, clock, amount_total=4000))
    before = order.stored_payment(system)

    provider.send_webhook(
        with_changes(paid_webhook, clock, id="evt_more", amount_total=3000, payment_intent="pi_" + "1" * 32)
    )

    assert order.stored_payment(system) == before
    assert len([one for one in provider.calls if one.call.endswith("/refunds")]) == 2


def test_declined_card_leaves_the_payment_pending(
    system: System, provider: ProviderNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    order = Order()
    system.deliver(order.booking_ordered(), "payment.on_booking_ordered")
    provider.pay(order.buyer, order.id, 5000, "declined")
    out = capsys.readouterr().out
    once = order.actions(system)
    provider.pay(order.buyer, order.id, 5000, "paid")

    assert "PaymentsDeclined" in out
    assert once == ["open", "start", "open_checkout", "decline"]
    assert order.actions(system) == [*once, "succeed"]


def test_declined_card_after_capture_changes_nothing(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    provider.send_webhook(paid_webhook)
    before = order.stored_payment(system)
    intent = {"id": "pi_x", "metadata": {"payment_id": order.payment_id}}

    response = provider.deliver_event(
        {"id": "evt_d", "type": "payment_intent.payment_failed", "created": 1, "data": {"object": intent}}
    )

    assert (response.status, order.stored_payment(system)) == (200, before)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("customer.created", {"id": 7}),
        ("invoice.paid", {}),
        ("checkout.session.completed", {"id": "cs_1", "payment_status": "paid", "metadata": {"payment_id": "unknown"}}),
        ("checkout.session.completed", {"id": "cs_1", "payment_status": "paid"}),
        ("refund.updated", {"id": "re_1", "status": "failed", "metadata": {"payment_id": "unknown"}}),
    ],
)
def test_irrelevant_events_are_ignored_and_counted(
    system: System,
    order: Order,
    provider: ProviderNetwork,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    subject: dict[str, Any],
) -> None:
    before = system.scan(topology.PAYMENTS)

    response = provider.deliver_event({"id": "evt_n", "type": kind, "created": 1, "data": {"object": subject}})

    assert (response.status, system.scan(topology.PAYMENTS)) == (200, before)
    assert "ProviderEventsIgnored" in capsys.readouterr().out


def test_payment_is_found_by_client_reference(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, clock: MovableClock
) -> None:
    provider.send_webhook(with_changes(paid_webhook, clock, metadata={}))

    assert status(order, system) == "SUCCEEDED"


def refund_event(order: Order, refund_id: str, status: str, *, kind: str = "refund.updated") -> dict[str, Any]:
    metadata = {"payment_id": order.payment_id, "refund_key": f"{order.payment_id}:refund:{refund_id}"}
    refund = {"id": "re_1", "object": "refund", "status": status, "metadata": metadata}
    return {"id": f"evt_{status}_{refund_id}_{kind}", "type": kind, "created": 1, "data": {"object": refund}}


@pytest.mark.parametrize("kind", ["refund.updated", "charge.refund.updated", "refund.failed"])
def test_refund_failing_later_is_reversed_and_alarms(
    system: System,
    order: Order,
    provider: ProviderNetwork,
    paid_webhook: WebhookRequest,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    provider.send_webhook(paid_webhook)
    system.deliver(order.booking_failed("no_room"), "payment.on_booking_failed")
    order.deliver_refunds(system)
    refunded = order.stored_payment(system)
    capsys.readouterr()

    provider.deliver_event(refund_event(order, refunded["refunds"][0]["id"], "failed", kind=kind))

    item = order.stored_payment(system)
    assert (refunded["status"], refunded["refunded"]) == ("REFUNDED", 5000)
    assert (item["status"], item["refunded"], item["version"]) == ("SUCCEEDED", 0, refunded["version"] + 1)
    assert outbox_entries(item) == [{"bus_event": "PaymentRefundFailed.v1", "amount": 5000}]
    assert order.refunds(system) == [(5000, "FAILED")]
    assert "RefundsFailed" in capsys.readouterr().out


def test_refund_webhook_may_precede_the_api_response(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest
) -> None:
    provider.send_webhook(paid_webhook)
    system.deliver(order.booking_failed("no_room"), "payment.on_booking_failed")
    provider.lost_replies = 1
    order.deliver_refunds(system)
    (refund,), between = order.stored_payment(system)["refunds"], status(order, system)

    provider.deliver_event(refund_event(order, refund["id"], "succeeded"))
    system.deliver(order.refund_requested(refund), "payment.on_refund_requested")

    item = order.stored_payment(system)
    assert (between, item["status"]) == ("REFUNDING", "REFUNDED")
    assert outbox_entries(item) == [{"bus_event": "PaymentRefunded.v1", "amount": 5000}]
    assert len(provider.successful_refunds()) == 1


def test_failed_refund_of_unapplied_money_alarms_once(
    system: System,
    order: Order,
    provider: ProviderNetwork,
    paid_webhook: WebhookRequest,
    clock: MovableClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    provider.send_webhook(with_changes(paid_webhook, clock, amount_total=4000))
    before, key = order.stored_payment(system), next(one.key for one in provider.calls if one.call.endswith("/refunds"))
    metadata = {"payment_id": order.payment_id, "refund_key": key}
    failed = {"id": "re_1", "object": "refund", "status": "failed", "metadata": metadata}
    capsys.readouterr()

    for _ in range(2):
        provider.deliver_event({"id": "evt_f", "type": "refund.failed", "created": 1, "data": {"object": failed}})

    assert order.stored_payment(system) == before
    assert capsys.readouterr().out.count('"RefundsFailed":') == 1


@pytest.mark.parametrize("event", [("pending", "its own"), ("succeeded", "its own"), ("failed", "another")], ids=str)
def test_other_refund_events_change_nothing(
    system: System, order: Order, provider: ProviderNetwork, paid_webhook: WebhookRequest, event: tuple[str, str]
) -> None:
    provider.send_webhook(paid_webhook)
    system.deliver(order.booking_failed("no_room"), "payment.on_booking_failed")
    order.deliver_refunds(system)
    before = order.stored_payment(system)

    provider.deliver_event(
        refund_event(order, before["refunds"][0]["id"] if event[1] == "its own" else "another", event[0])
    )

    assert order.stored_payment(system) == before
