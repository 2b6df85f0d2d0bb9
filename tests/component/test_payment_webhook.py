"""What the provider sends: signatures, repetitions, money of every kind, and what is let pass."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from common import env
from infra import topology
from tests.support.cloud import aws, secret_name
from tests.support.orders import HOLD, Clock, Order, published
from tests.support.provider import Delivery, Provider
from tests.support.system import PROVIDER_SECRET, Reply, System, row

SECRET = PROVIDER_SECRET["webhook_secret"]


@pytest.fixture
def order(system: System, provider: Provider) -> Order:
    """An order whose buyer has paid, while the provider's webhook is held back."""
    opened = Order()
    system.deliver(opened.ordered(), "payment.on_booking_ordered")
    provider.held = True
    provider.pay(opened.buyer, opened.id, opened.prices)
    return opened


@pytest.fixture
def paid(order: Order, provider: Provider) -> Delivery:
    """The webhook that says so."""
    return provider.webhooks[-1]


def signed(
    body: bytes, clock: Clock, *, secret: str = SECRET, skew: int = 0, header: str = "t={t},v1={v1}"
) -> Delivery:
    moment = int(clock.now.timestamp()) + skew
    v1 = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return Delivery(body, {"stripe-signature": header.format(t=moment, v1=v1)})


def changed(delivery: Delivery, clock: Clock, **changes: Any) -> Delivery:
    """The event with other fields of its object, well signed; `id` and `type` are the event's own."""
    event = delivery.event
    for name in ("id", "type"):
        event[name] = changes.pop(name, event[name])
    event["data"]["object"] |= changes
    return signed(json.dumps(event).encode(), clock)


def status(order: Order, system: System) -> str:
    return str(order.stored(system)["status"])


def test_money_that_is_due_pays_the_order(system: System, order: Order, provider: Provider, paid: Delivery) -> None:
    assert status(order, system) == "PENDING"

    reply = provider.send(paid)

    item = order.stored(system)
    assert (reply.status, reply.json) == (200, {"received": True})
    assert (item["status"], item["provider_payment"]) == ("SUCCEEDED", paid.event["data"]["object"]["payment_intent"])
    assert published(item) == [{"bus_event": "PaymentSucceeded.v1"}]
    assert item["paid_at"] == "2031-05-01T09:00:00.000Z"


def test_the_signature_is_read_over_the_bytes_that_the_gateway_encoded(
    system: System, order: Order, paid: Delivery
) -> None:
    event = {
        "requestContext": {"requestId": "r"},
        "headers": {"Stripe-Signature": paid.headers["stripe-signature"], "content-type": "application/json"},
        "body": base64.b64encode(paid.body).decode(),
        "isBase64Encoded": True,
    }

    assert system.invoke("payment.receive_webhook", event)["statusCode"] == 200
    assert status(order, system) == "SUCCEEDED"


@pytest.mark.parametrize("skew", [-301, -86_400, 301, 86_400], ids="{} s".format)
def test_a_signature_of_another_time_is_refused(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock, skew: int
) -> None:
    refused = provider.send(signed(paid.body, clock, skew=skew))
    nearly = provider.send(signed(paid.body, clock, skew=300 if skew > 0 else -300))

    assert (refused.status, refused.problem) == (400, "bad-signature")
    assert nearly.status == 200


@pytest.mark.parametrize(
    "tamper",
    [
        lambda body: body + b" ",
        lambda body: body.replace(b"5000", b"5001"),
        lambda body: json.dumps(json.loads(body), separators=(",", ":")).encode(),
    ],
    ids=["one byte more", "another amount", "serialised anew"],
)
def test_a_body_that_was_touched_is_refused(
    system: System, order: Order, provider: Provider, paid: Delivery, tamper: Any
) -> None:
    reply = provider.send(Delivery(tamper(paid.body), paid.headers))

    assert (reply.status, reply.problem) == (400, "bad-signature")
    assert status(order, system) == "PENDING"


@pytest.mark.parametrize(
    "header",
    [
        "", "garbage", "t=,v1=", "t={t}", "v1={v1}", "t={t},v0={v1}", "t=x,v1={v1}", "t={t},v1=\u00e4", "=", ",,,",
        "t={t},v1={v1}0", "t=" + "9" * 5000 + ",v1={v1}", "t=-1,v1={v1}", "t=1,t={t},v1={v1}", "t==,v1={v1}",
    ],
)  # fmt: skip
def test_a_header_that_is_no_signature_is_refused(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock, header: str
) -> None:
    reply = provider.send(signed(paid.body, clock, header=header))

    assert (reply.status, reply.problem) == (400, "bad-signature")
    assert status(order, system) == "PENDING"


def test_without_a_signature_or_with_anothers_it_is_refused(
    order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    assert provider.send(Delivery(paid.body, {})).problem == "bad-signature"
    assert provider.send(signed(paid.body, clock, secret="whsec_another")).problem == "bad-signature"


@pytest.mark.moto
@pytest.mark.parametrize(("kept", "answered"), [("whsec_before", 200), ("", 400), (None, 400)])
def test_while_the_secret_is_changed_the_previous_one_signs_too(
    order: Order, provider: Provider, paid: Delivery, clock: Clock, kept: str | None, answered: int
) -> None:
    known = PROVIDER_SECRET | ({} if kept is None else {"previous_webhook_secret": kept})
    name = secret_name(topology.PROVIDER.env)
    aws("secretsmanager").put_secret_value(SecretId=name, SecretString=json.dumps(known))
    env.forget()

    before = provider.send(signed(paid.body, clock, secret="whsec_before"))
    stranger = provider.send(signed(paid.body, clock, secret="whsec_another"))
    now = provider.send(paid)

    assert (before.status, stranger.status, now.status) == (answered, 400, 200)


@pytest.mark.parametrize("header", ["t={t},v1=00,v1={v1}", "t={t}=x,v1={v1}", "t={t},v1={v1},t=1"])
def test_a_header_with_more_in_it_is_read_as_the_verifier_reads_it(
    order: Order, provider: Provider, paid: Delivery, clock: Clock, header: str
) -> None:
    assert provider.send(signed(paid.body, clock, header=header)).status == 200


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
def test_a_signed_body_that_is_no_event_is_refused_and_never_a_fault(
    provider: Provider, clock: Clock, system: System, body: bytes
) -> None:
    reply = send_bytes(system, signed(body, clock))

    assert 400 <= reply.status < 500


def send_bytes(system: System, delivery: Delivery) -> Reply:
    event = {
        "requestContext": {"requestId": "r"},
        "headers": dict(delivery.headers),
        "body": base64.b64encode(delivery.body).decode(),
        "isBase64Encoded": True,
    }
    return Reply(system.invoke(row("payment.receive_webhook"), event))


def test_the_same_event_again_changes_nothing(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    provider.send(paid)
    before = system.scan(topology.PAYMENTS)
    clock.pass_by(hours=1)

    again = provider.send(signed(paid.body, clock))

    assert again.status == 200
    assert system.scan(topology.PAYMENTS) == before


def test_the_same_event_in_another_envelope_is_the_same(
    order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    provider.send(paid)
    event = paid.event | {"pending_webhooks": 0, "api_version": "another"}

    assert provider.send(signed(json.dumps(event).encode(), clock)).status == 200


def test_another_body_under_the_same_event_id_is_refused_and_counted(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.send(paid)
    capsys.readouterr()

    reply = provider.send(changed(paid, clock, amount_total=1))

    assert (reply.status, reply.problem) == (409, "event-id-reused")
    assert "ProviderEventsForged" in capsys.readouterr().out
    assert (status(order, system), provider.refunds()) == ("SUCCEEDED", [])


def test_events_are_remembered_longer_than_they_can_be_sent_again(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    provider.send(paid)

    (seen,) = (one for one in system.scan(topology.PAYMENTS) if one["sk"] == "event")
    assert seen["expires_at"] - clock.now.timestamp() >= 30 * 86_400


def test_a_second_event_about_the_same_money_changes_nothing(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    provider.send(paid)
    before = order.stored(system)

    reply = provider.send(changed(paid, clock, id="evt_other", type="checkout.session.async_payment_succeeded"))

    assert (reply.status, order.stored(system), provider.refunds()) == (200, before, [])


@pytest.mark.parametrize("kind", ["checkout.session.completed", "checkout.session.async_payment_succeeded"])
def test_both_ways_of_saying_paid_are_heard(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock, kind: str
) -> None:
    provider.send(changed(paid, clock, type=kind))

    assert status(order, system) == "SUCCEEDED"


def test_a_completed_session_that_is_not_paid_pays_nothing(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    reply = provider.send(changed(paid, clock, payment_status="unpaid"))

    assert (reply.status, status(order, system)) == (200, "PENDING")


@pytest.mark.parametrize(
    "change", [{"amount_total": 4999}, {"amount_total": 5001}, {"currency": "usd"}, {"amount_total": None}], ids=str
)
def test_another_amount_or_currency_fails_and_goes_back(
    system: System,
    order: Order,
    provider: Provider,
    paid: Delivery,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
) -> None:
    reply = provider.send(changed(paid, clock, **change))

    item = order.stored(system)
    assert (reply.status, item["status"]) == (200, "FAILED")
    assert item["reason"] == "amount_mismatch"
    assert published(item) == [{"bus_event": "PaymentFailed.v1"}]
    assert "ProviderAmountMismatch" in capsys.readouterr().out
    intent = paid.event["data"]["object"]["payment_intent"]
    asked = [one for one in provider.calls if one.call.endswith("/refunds")]
    assert [one.key for one in asked] == [f"{order.payment_id}:stray:{intent}"]


def test_a_wrong_amount_goes_back_once_even_if_the_provider_was_away(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    wrong = changed(paid, clock, amount_total=4000)
    provider.down = True
    first = provider.send(wrong)
    provider.down = False
    second, third = provider.send(wrong), provider.send(wrong)

    assert (first.status, first.problem) == (503, "provider-unavailable")
    assert (second.status, third.status) == (200, 200)
    assert len({one.key for one in provider.refunds()}) == 1
    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert session["amount_refunded"] == 4000
    assert status(order, system) == "FAILED"


def test_money_that_comes_a_second_time_goes_back(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    provider.send(paid)
    other = "pi_" + "0" * 32

    provider.send(changed(paid, clock, id="evt_second", payment_intent=other))

    asked = [one for one in provider.calls if one.call.endswith("/refunds")]
    assert [one.key for one in asked] == [f"{order.payment_id}:stray:{other}"]
    assert (status(order, system), order.stored(system)["refunded"]) == ("SUCCEEDED", 0)


@pytest.mark.parametrize("ended", ["expired", "cancelled"])
def test_late_money_succeeds_and_leaves_the_answer_to_booking(
    system: System, clock: Clock, provider: Provider, capsys: pytest.CaptureFixture[str], ended: str
) -> None:
    order = Order()
    system.deliver(order.ordered(), "payment.on_booking_ordered")
    url = system.http("POST /v1/payments", order.request, by=order.buyer).json["checkout_url"]
    clock.now += HOLD
    if ended == "expired":
        system.deliver(order.ordered(), "payment.close_payment")
    else:
        system.deliver(order.cancelled(), "payment.on_booking_cancelled")
    before = status(order, system)
    capsys.readouterr()

    provider.choose(url, "late")

    item = order.stored(system)
    assert before == ("FAILED" if ended == "expired" else "CANCELLED")
    assert (item["status"], published(item)) == ("SUCCEEDED", [{"bus_event": "PaymentSucceeded.v1"}])
    assert "PaymentsReceivedLate" in capsys.readouterr().out
    assert provider.refunds() == []
    assert system.http(f"GET /v1/payments/{order.payment_id}", by=order.buyer).json["reason"] is None


def test_a_wrong_amount_after_the_end_goes_back_and_changes_nothing(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    provider.send(changed(paid, clock, amount_total=4000))
    before = order.stored(system)

    provider.send(changed(paid, clock, id="evt_more", amount_total=3000, payment_intent="pi_" + "1" * 32))

    assert order.stored(system) == before
    assert len([one for one in provider.calls if one.call.endswith("/refunds")]) == 2


def test_a_declined_card_leaves_the_payment_open(
    system: System, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    order = Order()
    system.deliver(order.ordered(), "payment.on_booking_ordered")
    provider.pay(order.buyer, order.id, 5000, "declined")
    out = capsys.readouterr().out
    once = order.steps(system)
    provider.pay(order.buyer, order.id, 5000, "paid")

    assert "PaymentsDeclined" in out
    assert once == ["open", "start", "open_checkout", "decline"]
    assert order.steps(system) == [*once, "succeed"]


def test_a_declined_card_after_the_money_is_no_news(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    provider.send(paid)
    before = order.stored(system)
    intent = {"id": "pi_x", "metadata": {"payment_id": order.payment_id}}

    reply = provider.tell(
        {"id": "evt_d", "type": "payment_intent.payment_failed", "created": 1, "data": {"object": intent}}
    )

    assert (reply.status, order.stored(system)) == (200, before)


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
def test_what_is_not_ours_is_let_pass(
    system: System,
    order: Order,
    provider: Provider,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    subject: dict[str, Any],
) -> None:
    before = system.scan(topology.PAYMENTS)

    reply = provider.tell({"id": "evt_n", "type": kind, "created": 1, "data": {"object": subject}})

    assert (reply.status, system.scan(topology.PAYMENTS)) == (200, before)
    assert "ProviderEventsIgnored" in capsys.readouterr().out


def test_the_payment_is_found_by_the_reference_alone(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock
) -> None:
    provider.send(changed(paid, clock, metadata={}))

    assert status(order, system) == "SUCCEEDED"


def refund_event(order: Order, refund_id: str, status: str, *, kind: str = "refund.updated") -> dict[str, Any]:
    about = {"payment_id": order.payment_id, "refund_key": f"{order.payment_id}:refund:{refund_id}"}
    refund = {"id": "re_1", "object": "refund", "status": status, "metadata": about}
    return {"id": f"evt_{status}_{refund_id}_{kind}", "type": kind, "created": 1, "data": {"object": refund}}


@pytest.mark.parametrize("kind", ["refund.updated", "charge.refund.updated", "refund.failed"])
def test_a_refund_that_fails_afterwards_is_undone_and_alarms(
    system: System, order: Order, provider: Provider, paid: Delivery, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    provider.send(paid)
    system.deliver(order.failed("no_room"), "payment.on_booking_failed")
    order.send_back(system)
    refunded = order.stored(system)
    capsys.readouterr()

    provider.tell(refund_event(order, refunded["refunds"][0]["id"], "failed", kind=kind))

    item = order.stored(system)
    assert (refunded["status"], refunded["refunded"]) == ("REFUNDED", 5000)
    assert (item["status"], item["refunded"], item["version"]) == ("SUCCEEDED", 0, refunded["version"] + 1)
    assert published(item) == [{"bus_event": "PaymentRefundFailed.v1", "amount": 5000}]
    assert order.refunds(system) == [(5000, "FAILED")]
    assert "RefundsFailed" in capsys.readouterr().out


def test_the_provider_may_say_that_it_refunded_before_its_answer_reaches_us(
    system: System, order: Order, provider: Provider, paid: Delivery
) -> None:
    provider.send(paid)
    system.deliver(order.failed("no_room"), "payment.on_booking_failed")
    provider.lost_replies = 1
    order.send_back(system)
    (refund,), between = order.stored(system)["refunds"], status(order, system)

    provider.tell(refund_event(order, refund["id"], "succeeded"))
    system.deliver(order.refund_requested(refund), "payment.on_refund_requested")

    item = order.stored(system)
    assert (between, item["status"]) == ("REFUNDING", "REFUNDED")
    assert published(item) == [{"bus_event": "PaymentRefunded.v1", "amount": 5000}]
    assert len(provider.refunds()) == 1


def test_stray_money_that_did_not_go_back_after_all_alarms_once(
    system: System, order: Order, provider: Provider, paid: Delivery, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.send(changed(paid, clock, amount_total=4000))
    before, key = order.stored(system), next(one.key for one in provider.calls if one.call.endswith("/refunds"))
    about = {"payment_id": order.payment_id, "refund_key": key}
    failed = {"id": "re_1", "object": "refund", "status": "failed", "metadata": about}
    capsys.readouterr()

    for _ in range(2):
        provider.tell({"id": "evt_f", "type": "refund.failed", "created": 1, "data": {"object": failed}})

    assert order.stored(system) == before
    assert capsys.readouterr().out.count('"RefundsFailed":') == 1


@pytest.mark.parametrize("event", [("pending", "its own"), ("succeeded", "its own"), ("failed", "another")], ids=str)
def test_other_news_of_refunds_change_nothing(
    system: System, order: Order, provider: Provider, paid: Delivery, event: tuple[str, str]
) -> None:
    provider.send(paid)
    system.deliver(order.failed("no_room"), "payment.on_booking_failed")
    order.send_back(system)
    before = order.stored(system)

    provider.tell(refund_event(order, before["refunds"][0]["id"] if event[1] == "its own" else "another", event[0]))

    assert order.stored(system) == before
