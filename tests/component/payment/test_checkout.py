"""Opening, starting and reading payments: every response of these calls."""

import base64

import pytest

from infra import topology
from tests.support.drivers.payment_driver import Order, all_acknowledged, outbox_entries
from tests.support.drivers.provider import ProviderNetwork
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.system import Person, System


def test_order_opens_a_payment_with_all_fields(system: System, order: Order) -> None:
    item = order.stored_payment(system)

    due = {
        "id": order.payment_id,
        "user_id": order.buyer.user_id,
        "booking_id": order.id,
        "prices": 5000,
        "currency": "EUR",
    }
    assert due.items() <= item.items()
    assert (item["status"], item["method"], item["attempt"], item["refunded"]) == ("PENDING", "card", 0, 0)
    assert item["pay_before"] == "2031-05-01T09:10:00.000Z"
    assert outbox_entries(item) == []


def test_repeated_order_opens_one_payment(system: System, order: Order) -> None:
    before = system.scan(topology.PAYMENTS)

    assert all_acknowledged(system.deliver(order.booking_ordered(), "payment.on_booking_ordered"))

    assert system.scan(topology.PAYMENTS) == before


def test_free_order_succeeds_immediately_and_publishes_it(system: System, provider: ProviderNetwork) -> None:
    free = Order(prices=0)
    system.deliver(free.booking_ordered(), "payment.on_booking_ordered")
    system.deliver(free.booking_ordered(), "payment.on_booking_ordered")

    item = free.stored_payment(system)
    assert (item["status"], item["method"], item["version"]) == ("SUCCEEDED", "free", 1)
    assert outbox_entries(item) == [{"bus_event": "PaymentSucceeded.v1"}]
    assert item["paid_at"] == item["succeeded_at"] == "2031-05-01T09:00:00.000Z"


def test_start_returns_the_checkout_url(system: System, order: Order, provider: ProviderNetwork) -> None:
    response = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert response.status == 201
    assert response.headers["location"] == f"/v1/payments/{order.payment_id}"
    assert "idempotency-replayed" not in response.headers
    page = system.http(f"GET {response.json['checkout_url'].removeprefix('https://tickets.test')}")
    assert "50.00 EUR" in base64.b64decode(page.text).decode()
    assert [one.call for one in provider.calls] == ["POST /sandbox/v1/checkout/sessions"]


def test_return_url_is_the_stage_url(system: System, order: Order, provider: ProviderNetwork) -> None:
    system.http(
        "POST /v1/payments", order.request, by=order.buyer, headers={"host": "evil.test", "origin": "https://evil.test"}
    )

    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert session["success_url"] == session["cancel_url"] == f"https://tickets.test/v1/payments/{order.payment_id}"


def test_return_url_in_the_request_is_rejected(system: System, order: Order) -> None:
    response = system.http("POST /v1/payments", order.request | {"success_url": "https://evil.test"}, by=order.buyer)

    assert (response.status, response.json["errors"][0]["pointer"]) == (422, "/success_url")


def test_second_start_returns_the_same_checkout(system: System, order: Order, provider: ProviderNetwork) -> None:
    first = system.http("POST /v1/payments", order.request, by=order.buyer)
    second = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (second.status, second.headers["idempotency-replayed"]) == (201, "true")
    assert second.json["checkout_url"] == first.json["checkout_url"]
    assert [one.call.split(" ")[0] for one in provider.calls] == ["POST", "GET"]


def test_start_after_expiry_opens_another_checkout(system: System, order: Order, provider: ProviderNetwork) -> None:
    first = system.http("POST /v1/payments", order.request, by=order.buyer)
    session_id = first.json["checkout_url"].rsplit("/", 1)[1]
    session = {
        "id": session_id,
        "object": "checkout.session",
        "client_reference_id": order.payment_id,
        "status": "expired",
    }
    provider.deliver_event(
        {"id": "evt_over", "type": "checkout.session.expired", "created": 1, "data": {"object": session}}
    )

    second = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert second.status == 201
    assert second.json["checkout_url"] != first.json["checkout_url"]
    assert [one.key for one in provider.calls] == [f"{order.payment_id}:1", f"{order.payment_id}:2"]


def test_expiry_of_earlier_checkout_leaves_the_current_one(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    first = system.http("POST /v1/payments", order.request, by=order.buyer)
    session = {"id": "cs_test_another", "object": "checkout.session", "client_reference_id": order.payment_id}

    provider.deliver_event(
        {"id": "evt_over", "type": "checkout.session.expired", "created": 1, "data": {"object": session}}
    )

    again = system.http("POST /v1/payments", order.request, by=order.buyer)
    assert again.json["checkout_url"] == first.json["checkout_url"]


@pytest.mark.parametrize("whose", ["nobody's", "another's"])
def test_missing_or_foreign_order_is_not_found(system: System, order: Order, whose: str) -> None:
    order_id = order.id if whose == "another's" else "7a5c8ab4-0000-4000-8000-000000000000"

    response = system.http("POST /v1/payments", {"order_id": order_id, "price": 5000}, by=Person())

    assert (response.status, response.problem, response.headers["retry-after"]) == (404, "order-not-found", "1")


@pytest.mark.parametrize("price", [4999, 5001, 0])
def test_wrong_price_is_rejected_naming_both(
    system: System, order: Order, provider: ProviderNetwork, price: int
) -> None:
    response = system.http("POST /v1/payments", {"order_id": order.id, "price": price}, by=order.buyer)

    assert (response.status, response.problem) == (422, "price-mismatch")
    assert (response.json["price"], response.json["due"]) == (price, 5000)
    assert str(price) in response.json["detail"]
    assert "5000" in response.json["detail"]
    assert provider.calls == []


@pytest.mark.parametrize("price", ["5000", 5000.0, -1, True, None, 10**13])
def test_invalid_price_is_rejected(system: System, order: Order, price: object) -> None:
    response = system.http("POST /v1/payments", {"order_id": order.id, "price": price}, by=order.buyer)

    assert (response.status, response.json["errors"][0]["pointer"]) == (422, "/price")


def test_payment_starts_only_before_its_deadline(system: System, order: Order, clock: MovableClock) -> None:
    clock.advance(minutes=10)
    late = system.http("POST /v1/payments", order.request, by=order.buyer)
    clock.advance(seconds=-0.001)
    in_time = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (late.status, late.problem) == (410, "payment-deadline-passed")
    assert in_time.status == 201


def test_paid_order_is_not_paid_again(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.pay(order.buyer, order.id, 5000)

    response = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (response.status, response.problem) == (409, "already-paid")


def test_cancelled_order_cannot_be_started(system: System, order: Order) -> None:
    system.deliver(order.booking_cancelled(), "payment.on_booking_cancelled")

    response = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (response.status, response.problem) == (410, "payment-closed")


def test_expired_order_reports_its_passed_deadline(system: System, order: Order, clock: MovableClock) -> None:
    clock.advance(minutes=10)
    system.deliver(order.booking_ordered(), "payment.close_payment")
    clock.advance(minutes=-5)  # the state decides, not the time

    response = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (response.status, response.problem) == (410, "payment-deadline-passed")


def test_key_replays_its_response_after_payment(system: System, order: Order, provider: ProviderNetwork) -> None:
    first = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")
    provider.choose_outcome(first.json["checkout_url"], "paid")

    again = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")

    assert (again.status, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json["status"] == "SUCCEEDED"


def test_key_belongs_to_one_request_of_one_buyer(system: System, order: Order) -> None:
    other = Order(buyer=order.buyer)
    system.deliver(other.booking_ordered(), "payment.on_booking_ordered")
    stranger = Order()
    system.deliver(stranger.booking_ordered(), "payment.on_booking_ordered")
    system.http("POST /v1/payments", order.request, by=order.buyer, key="k")

    reused = system.http("POST /v1/payments", other.request, by=other.buyer, key="k")
    repriced = system.http("POST /v1/payments", order.request | {"price": 1}, by=order.buyer, key="k")
    independent = system.http("POST /v1/payments", stranger.request, by=stranger.buyer, key="k")

    assert (reused.status, reused.problem) == (422, "idempotency-key-reused")
    assert (repriced.status, repriced.problem) == (422, "idempotency-key-reused")
    assert independent.status == 201


def test_rejected_start_does_not_consume_its_key(system: System, order: Order) -> None:
    refused = system.http("POST /v1/payments", order.request | {"price": 1}, by=order.buyer, key="k")
    corrected = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")

    assert refused.problem == "price-mismatch"
    assert corrected.status == 201


def test_retry_after_provider_outage_keeps_the_attempt(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.is_down = True
    refused = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")
    provider.is_down = False
    started = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")

    assert (refused.status, refused.problem, refused.headers["retry-after"]) == (503, "provider-unavailable", "2")
    assert (started.status, started.json["idempotency_key"]) == (201, f"{order.payment_id}:1")


def test_provider_rejection_is_final_and_counted(
    system: System, order: Order, provider: ProviderNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.error_responses.append(("/checkout/sessions", {"code": "amount_too_small", "message": "sk_live_secret"}))

    response = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (response.status, response.problem) == (409, "not-payable")
    assert "retry-after" not in response.headers
    assert "sk_live_secret" not in response.text
    assert "CheckoutsRefused" in capsys.readouterr().out


def test_rejected_order_can_be_started_again(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.error_responses.append(("/checkout/sessions", {"code": "amount_too_small"}))
    refused = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")
    started = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")

    assert (refused.status, started.status) == (409, 201)


def test_attempt_is_stored_before_the_provider_is_called(
    system: System, order: Order, provider: ProviderNetwork
) -> None:
    provider.is_down = True

    system.http("POST /v1/payments", order.request, by=order.buyer)

    assert order.stored_payment(system)["attempt"] == 1


def test_lost_provider_reply_opens_no_second_checkout(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.lost_replies = 1
    lost = system.http("POST /v1/payments", order.request, by=order.buyer)
    started = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (lost.status, started.status) == (503, 201)
    assert {one.key for one in provider.calls} == {f"{order.payment_id}:1"}
    assert len(provider.calls) == 2
    assert len([one for one in system.scan(topology.SANDBOX) if one["sk"] == "session"]) == 1


def test_payment_shows_its_history(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.pay(order.buyer, order.id, 5000)

    response = system.http(f"GET /v1/payments/{order.payment_id}", by=order.buyer)

    history = response.json["history"]
    assert (response.status, response.json["status"], response.json["checkout_url"]) == (200, "SUCCEEDED", None)
    assert (history["payment_id"], history["status"]) == (order.payment_id, "SUCCEEDED")
    assert [(one["version"], one["action"], one["actor"]) for one in history["logs"]] == [
        (1, "open", "booking"),
        (2, "start", "buyer"),
        (3, "open_checkout", "provider"),
        (4, "succeed", "provider"),
    ]
    assert history["paid_at"] == "2031-05-01T09:00:00Z"


@pytest.mark.parametrize("payment", ["another's", "an invented one"])
def test_foreign_or_unknown_payment_is_not_found(system: System, order: Order, payment: str) -> None:
    payment_id = order.payment_id if payment == "another's" else "nothing"

    response = system.http(f"GET /v1/payments/{payment_id}", by=Person())

    assert (response.status, response.problem) == (404, "payment-not-found")


def test_webhook_record_is_not_readable_as_payment(system: System, order: Order, provider: ProviderNetwork) -> None:
    provider.pay(order.buyer, order.id, 5000)
    record = next(one for one in system.scan(topology.PAYMENTS) if one["sk"] == "event")

    assert system.http(f"GET /v1/payments/{record['pk']}", by=order.buyer).status == 404


def test_list_returns_own_payments_newest_first(system: System, clock: MovableClock, provider: ProviderNetwork) -> None:
    buyer, orders = Person(), []
    for _ in range(3):
        clock.advance(seconds=1)
        orders.append(Order(buyer=buyer))
        system.deliver(orders[-1].booking_ordered(), "payment.on_booking_ordered")
    system.deliver(Order().booking_ordered(), "payment.on_booking_ordered")

    first = system.http("GET /v1/payments", by=buyer, query={"limit": "2"}).json
    second = system.http("GET /v1/payments", by=buyer, query={"limit": "2", "next_token": first["next_token"]}).json

    listed = [one["id"] for one in first["items"] + second["items"]]
    assert listed == [one.payment_id for one in reversed(orders)]
    assert (first["previous_token"], second["next_token"]) == (None, None)


def test_page_token_of_another_user_is_rejected(system: System, clock: MovableClock, provider: ProviderNetwork) -> None:
    buyer = Person()
    for _ in range(2):
        system.deliver(Order(buyer=buyer).booking_ordered(), "payment.on_booking_ordered")
    token = system.http("GET /v1/payments", by=buyer, query={"limit": "1"}).json["next_token"]

    response = system.http("GET /v1/payments", by=Person(), query={"next_token": token})

    assert (response.status, response.problem) == (400, "invalid-page-token")
