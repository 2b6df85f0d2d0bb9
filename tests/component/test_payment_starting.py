"""Opening, starting and reading payments: every answer that these calls can give."""

import base64

import pytest

from infra import topology
from tests.support.orders import Clock, Order, published, taken
from tests.support.provider import Provider
from tests.support.system import Person, System


def test_an_order_opens_a_payment_with_everything_that_is_due(system: System, order: Order) -> None:
    item = order.stored(system)

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
    assert published(item) == []


def test_an_order_heard_twice_opens_one_payment_and_changes_nothing(system: System, order: Order) -> None:
    before = system.scan(topology.PAYMENTS)

    assert taken(system.deliver(order.ordered(), "payment.on_booking_ordered"))

    assert system.scan(topology.PAYMENTS) == before


def test_a_free_order_is_paid_at_once_and_says_so(system: System, provider: Provider) -> None:
    free = Order(prices=0)
    system.deliver(free.ordered(), "payment.on_booking_ordered")
    system.deliver(free.ordered(), "payment.on_booking_ordered")

    item = free.stored(system)
    assert (item["status"], item["method"], item["version"]) == ("SUCCEEDED", "free", 1)
    assert published(item) == [{"bus_event": "PaymentSucceeded.v1"}]
    assert item["paid_at"] == item["succeeded_at"] == "2031-05-01T09:00:00.000Z"


def test_starting_answers_the_hosted_page(system: System, order: Order, provider: Provider) -> None:
    reply = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert reply.status == 201
    assert reply.headers["location"] == f"/v1/payments/{order.payment_id}"
    assert "idempotency-replayed" not in reply.headers
    page = system.http(f"GET {reply.json['checkout_url'].removeprefix('https://tickets.test')}")
    assert "50.00 EUR" in base64.b64decode(page.text).decode()
    assert [one.call for one in provider.calls] == ["POST /sandbox/v1/checkout/sessions"]


def test_the_return_address_is_the_stages_own(system: System, order: Order, provider: Provider) -> None:
    system.http(
        "POST /v1/payments", order.request, by=order.buyer, headers={"host": "evil.test", "origin": "https://evil.test"}
    )

    (session,) = (one for one in system.scan(topology.SANDBOX) if one["sk"] == "session")
    assert session["success_url"] == session["cancel_url"] == f"https://tickets.test/v1/payments/{order.payment_id}"


def test_a_return_address_in_the_request_is_refused(system: System, order: Order) -> None:
    reply = system.http("POST /v1/payments", order.request | {"success_url": "https://evil.test"}, by=order.buyer)

    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, "/success_url")


def test_starting_twice_answers_the_same_page(system: System, order: Order, provider: Provider) -> None:
    first = system.http("POST /v1/payments", order.request, by=order.buyer)
    second = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (second.status, second.headers["idempotency-replayed"]) == (201, "true")
    assert second.json["checkout_url"] == first.json["checkout_url"]
    assert [one.call.split(" ")[0] for one in provider.calls] == ["POST", "GET"]


def test_after_the_page_was_closed_starting_opens_another(system: System, order: Order, provider: Provider) -> None:
    first = system.http("POST /v1/payments", order.request, by=order.buyer)
    session_id = first.json["checkout_url"].rsplit("/", 1)[1]
    session = {
        "id": session_id,
        "object": "checkout.session",
        "client_reference_id": order.payment_id,
        "status": "expired",
    }
    provider.tell({"id": "evt_over", "type": "checkout.session.expired", "created": 1, "data": {"object": session}})

    second = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert second.status == 201
    assert second.json["checkout_url"] != first.json["checkout_url"]
    assert [one.key for one in provider.calls] == [f"{order.payment_id}:1", f"{order.payment_id}:2"]


def test_a_page_of_an_earlier_attempt_that_closes_leaves_the_present_one(
    system: System, order: Order, provider: Provider
) -> None:
    first = system.http("POST /v1/payments", order.request, by=order.buyer)
    session = {"id": "cs_test_another", "object": "checkout.session", "client_reference_id": order.payment_id}

    provider.tell({"id": "evt_over", "type": "checkout.session.expired", "created": 1, "data": {"object": session}})

    again = system.http("POST /v1/payments", order.request, by=order.buyer)
    assert again.json["checkout_url"] == first.json["checkout_url"]


@pytest.mark.parametrize("whose", ["nobody's", "another's"])
def test_an_order_that_is_not_open_or_not_yours_is_unknown(system: System, order: Order, whose: str) -> None:
    order_id = order.id if whose == "another's" else "7a5c8ab4-0000-4000-8000-000000000000"

    reply = system.http("POST /v1/payments", {"order_id": order_id, "price": 5000}, by=Person())

    assert (reply.status, reply.problem, reply.headers["retry-after"]) == (404, "order-unknown", "1")


@pytest.mark.parametrize("price", [4999, 5001, 0])
def test_another_price_is_refused_naming_both(system: System, order: Order, provider: Provider, price: int) -> None:
    reply = system.http("POST /v1/payments", {"order_id": order.id, "price": price}, by=order.buyer)

    assert (reply.status, reply.problem) == (422, "price-mismatch")
    assert (reply.json["price"], reply.json["due"]) == (price, 5000)
    assert str(price) in reply.json["detail"]
    assert "5000" in reply.json["detail"]
    assert provider.calls == []


@pytest.mark.parametrize("price", ["5000", 5000.0, -1, True, None, 10**13])
def test_a_price_that_is_no_amount_is_refused(system: System, order: Order, price: object) -> None:
    reply = system.http("POST /v1/payments", {"order_id": order.id, "price": price}, by=order.buyer)

    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, "/price")


def test_until_the_deadline_it_can_be_started_and_then_no_more(system: System, order: Order, clock: Clock) -> None:
    clock.pass_by(minutes=10)
    late = system.http("POST /v1/payments", order.request, by=order.buyer)
    clock.pass_by(seconds=-0.001)
    in_time = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (late.status, late.problem) == (410, "hold-over")
    assert in_time.status == 201


def test_what_is_paid_is_not_paid_again(system: System, order: Order, provider: Provider) -> None:
    provider.pay(order.buyer, order.id, 5000)

    reply = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (reply.status, reply.problem) == (409, "already-paid")


def test_a_cancelled_order_is_closed(system: System, order: Order) -> None:
    system.deliver(order.cancelled(), "payment.on_booking_cancelled")

    reply = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (reply.status, reply.problem) == (410, "payment-closed")


def test_an_expired_order_says_that_its_hold_is_over(system: System, order: Order, clock: Clock) -> None:
    clock.pass_by(minutes=10)
    system.deliver(order.ordered(), "payment.close_payment")
    clock.pass_by(minutes=-5)  # it is the state that says so, not the time

    reply = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (reply.status, reply.problem) == (410, "hold-over")


def test_a_key_repeats_its_answer_even_after_it_was_paid(system: System, order: Order, provider: Provider) -> None:
    first = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")
    provider.choose(first.json["checkout_url"], "paid")

    again = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")

    assert (again.status, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json["status"] == "SUCCEEDED"


def test_a_key_belongs_to_one_request_of_one_buyer(system: System, order: Order) -> None:
    other = Order(buyer=order.buyer)
    system.deliver(other.ordered(), "payment.on_booking_ordered")
    stranger = Order()
    system.deliver(stranger.ordered(), "payment.on_booking_ordered")
    system.http("POST /v1/payments", order.request, by=order.buyer, key="k")

    reused = system.http("POST /v1/payments", other.request, by=other.buyer, key="k")
    repriced = system.http("POST /v1/payments", order.request | {"price": 1}, by=order.buyer, key="k")
    independent = system.http("POST /v1/payments", stranger.request, by=stranger.buyer, key="k")

    assert (reused.status, reused.problem) == (422, "key-reused")
    assert (repriced.status, repriced.problem) == (422, "key-reused")
    assert independent.status == 201


def test_a_refused_start_does_not_use_up_its_key(system: System, order: Order) -> None:
    refused = system.http("POST /v1/payments", order.request | {"price": 1}, by=order.buyer, key="k")
    mended = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")

    assert refused.problem == "price-mismatch"
    assert mended.status == 201


def test_without_the_provider_it_says_so_and_the_next_try_is_the_same_attempt(
    system: System, order: Order, provider: Provider
) -> None:
    provider.down = True
    refused = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")
    provider.down = False
    started = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")

    assert (refused.status, refused.problem, refused.headers["retry-after"]) == (503, "provider-unavailable", "2")
    assert (started.status, started.json["idempotency_key"]) == (201, f"{order.payment_id}:1")


def test_a_definite_no_of_the_provider_is_final_and_watched(
    system: System, order: Order, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.refusals.append(("/checkout/sessions", {"code": "amount_too_small", "message": "sk_live_secret"}))

    reply = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (reply.status, reply.problem) == (409, "not-payable")
    assert "retry-after" not in reply.headers
    assert "sk_live_secret" not in reply.text
    assert "CheckoutsRefused" in capsys.readouterr().out


def test_an_order_that_was_refused_once_can_be_paid_when_the_provider_takes_it(
    system: System, order: Order, provider: Provider
) -> None:
    provider.refusals.append(("/checkout/sessions", {"code": "amount_too_small"}))
    refused = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")
    started = system.http("POST /v1/payments", order.request, by=order.buyer, key="k")

    assert (refused.status, started.status) == (409, 201)


def test_the_attempt_is_written_before_the_provider_is_asked(system: System, order: Order, provider: Provider) -> None:
    provider.down = True

    system.http("POST /v1/payments", order.request, by=order.buyer)

    assert order.stored(system)["attempt"] == 1


def test_a_lost_reply_of_the_provider_opens_no_second_page(system: System, order: Order, provider: Provider) -> None:
    provider.lost_replies = 1
    lost = system.http("POST /v1/payments", order.request, by=order.buyer)
    started = system.http("POST /v1/payments", order.request, by=order.buyer)

    assert (lost.status, started.status) == (503, 201)
    assert {one.key for one in provider.calls} == {f"{order.payment_id}:1"}
    assert len(provider.calls) == 2
    assert len([one for one in system.scan(topology.SANDBOX) if one["sk"] == "session"]) == 1


def test_a_payment_shows_its_history(system: System, order: Order, provider: Provider) -> None:
    provider.pay(order.buyer, order.id, 5000)

    reply = system.http(f"GET /v1/payments/{order.payment_id}", by=order.buyer)

    history = reply.json["history"]
    assert (reply.status, reply.json["status"], reply.json["checkout_url"]) == (200, "SUCCEEDED", None)
    assert (history["payment_id"], history["status"]) == (order.payment_id, "SUCCEEDED")
    assert [(one["version"], one["did"], one["by"]) for one in history["logs"]] == [
        (1, "open", "booking"),
        (2, "start", "buyer"),
        (3, "open_checkout", "provider"),
        (4, "succeed", "provider"),
    ]
    assert history["paid_at"] == "2031-05-01T09:00:00Z"


@pytest.mark.parametrize("payment", ["another's", "an invented one"])
def test_only_your_own_payments_can_be_read(system: System, order: Order, payment: str) -> None:
    payment_id = order.payment_id if payment == "another's" else "nothing"

    reply = system.http(f"GET /v1/payments/{payment_id}", by=Person())

    assert (reply.status, reply.problem) == (404, "payment-unknown")


def test_an_inbox_record_is_no_payment(system: System, order: Order, provider: Provider) -> None:
    provider.pay(order.buyer, order.id, 5000)
    seen = next(one for one in system.scan(topology.PAYMENTS) if one["sk"] == "event")

    assert system.http(f"GET /v1/payments/{seen['pk']}", by=order.buyer).status == 404


def test_the_list_has_the_callers_payments_the_newest_first(system: System, clock: Clock, provider: Provider) -> None:
    buyer, orders = Person(), []
    for _ in range(3):
        clock.pass_by(seconds=1)
        orders.append(Order(buyer=buyer))
        system.deliver(orders[-1].ordered(), "payment.on_booking_ordered")
    system.deliver(Order().ordered(), "payment.on_booking_ordered")

    first = system.http("GET /v1/payments", by=buyer, query={"limit": "2"}).json
    second = system.http("GET /v1/payments", by=buyer, query={"limit": "2", "next_token": first["next_token"]}).json

    listed = [one["id"] for one in first["items"] + second["items"]]
    assert listed == [one.payment_id for one in reversed(orders)]
    assert (first["previous_token"], second["next_token"]) == (None, None)


def test_anothers_page_token_is_refused(system: System, clock: Clock, provider: Provider) -> None:
    buyer = Person()
    for _ in range(2):
        system.deliver(Order(buyer=buyer).ordered(), "payment.on_booking_ordered")
    token = system.http("GET /v1/payments", by=buyer, query={"limit": "1"}).json["next_token"]

    reply = system.http("GET /v1/payments", by=Person(), query={"next_token": token})

    assert (reply.status, reply.problem) == (400, "bad-token")
