"""POST /v1/bookings: inventory, limit and booking change together or not at all; each error has its own type."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest

from booking.core import holds
from booking.core.schemas import BookingRequest
from tests.support.drivers.booking_driver import ENDS, HOLD_SECONDS, START, BookingDriver
from tests.support.faults.aws_errors import (
    cancelled_transaction,
    error_response,
    interleaved,
    lost_reply,
    scripted_responses,
)
from tests.support.system.system import Person, System, row

ANNA, BEN = Person(), Person()


def test_order_holds_places_until_pay_before(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    answer = driver.order(ANNA, event, 2, key="k1")

    assert answer.status == 201
    body = answer.json
    assert answer.headers["location"] == f"/v1/bookings/{body['id']}"
    assert "idempotency-replayed" not in answer.headers
    assert (body["status"], body["quantity"], body["prices"], body["currency"]) == ("PENDING", 2, 5000, "EUR")
    assert (body["user_id"], body["event_id"], body["idempotency_key"]) == (ANNA.user_id, event.id, "k1")
    assert (body["created_at"], body["pay_before"]) == ("2026-05-01T12:00:00Z", "2026-05-01T12:10:00Z")
    assert body["logs"] == [{"version": 1, "action": "order", "actor": "buyer", "at": "2026-05-01T12:00:00Z"}]
    assert (driver.available(event), driver.held_places(event, ANNA)) == ([8], 2)


def test_order_items_carry_every_attribute(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 10)

    body = driver.order(ANNA, event, 1, 2).json

    assert {one["event_type_id"]: one["qty"] for one in body["items"]} == dict(zip(event.types, [1, 2], strict=True))
    assert len({one["id"] for one in body["items"]}) == 2
    times = {"created_at": body["created_at"], "updated_at": body["updated_at"]}
    for one in body["items"]:
        fixed = {"booking_id": body["id"], "unit_price": 2500, "currency": "EUR"} | times
        assert one == one | fixed
        assert set(one) == {"id", "event_type_id", "qty", *fixed}


def test_order_publishes_booking_ordered(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 2)

    assert driver.published_events(booking) == [("BookingOrdered", None)]


def test_number_slot_selects_only_type_on_sale(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 10, statuses={1: "PAUSED"})

    answer = driver.system.http("POST /v1/bookings", {"event_id": event.id, "number_slot": 3}, by=ANNA)

    assert (answer.status, answer.json["items"][0]["event_type_id"]) == (201, event.types[0])
    assert driver.available(event) == [7, 10]


def test_number_slot_with_several_types_is_422(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 10)

    answer = driver.system.http("POST /v1/bookings", {"event_id": event.id, "number_slot": 3}, by=ANNA)

    assert (answer.status, answer.problem) == (422, "event-type-required")
    assert answer.json["errors"][0]["pointer"] == "/number_slot"


def test_several_types_are_held_together(driver: BookingDriver) -> None:
    event = driver.publish_event(5, 5, 5, max_per_user=10)

    assert driver.order(ANNA, event, 1, 2, 3).json["prices"] == 6 * 2500

    assert driver.available(event) == [4, 3, 2]


def test_partly_available_order_holds_nothing(driver: BookingDriver) -> None:
    event = driver.publish_event(5, 1, 5, max_per_user=10)
    before = driver.items()

    answer = driver.order(ANNA, event, 1, 2, 3)

    assert (answer.status, answer.problem) == (409, "sold-out")
    assert answer.json["unavailable"] == [{"event_type_id": event.types[1], "available": 1}]
    assert driver.items() == before


def test_sold_out_names_every_unavailable_type(driver: BookingDriver) -> None:
    event = driver.publish_event(1, 5, 2, max_per_user=10)

    unavailable = driver.order(ANNA, event, 3, 3, 3).json["unavailable"]

    assert {one["event_type_id"]: one["available"] for one in unavailable} == {event.types[0]: 1, event.types[2]: 2}


def test_last_place_is_sold_once(driver: BookingDriver) -> None:
    event = driver.publish_event(3)

    assert driver.order(ANNA, event, 3).status == 201
    assert driver.order(BEN, event, 1).problem == "all-held"
    assert (driver.available(event), driver.violations()) == ([0], [])


def test_order_above_purchase_limit_is_rejected(driver: BookingDriver) -> None:
    answer = driver.order(ANNA, driver.publish_event(100, max_per_user=3), 4)

    assert (answer.status, answer.problem, answer.json["max_per_user"]) == (409, "limit-reached", 3)


def test_purchase_limit_counts_all_bookings_of_user(driver: BookingDriver) -> None:
    event = driver.publish_event(100, 100, max_per_user=4)
    driver.hold(ANNA, event, 2)
    driver.hold(ANNA, event, 0, 1)

    answer = driver.order(ANNA, event, 2)

    assert (answer.problem, answer.json["max_per_user"], answer.json["held"]) == ("limit-reached", 4, 3)
    assert driver.order(ANNA, event, 1).status == 201
    assert driver.order(BEN, event, 4).status == 201
    assert (driver.held_places(event, ANNA), driver.violations()) == (4, [])


def test_purchase_limit_is_per_event(driver: BookingDriver) -> None:
    driver.hold(ANNA, driver.publish_event(10), 4)

    assert driver.order(ANNA, driver.publish_event(10), 4).status == 201


def test_order_for_unknown_event_is_404_with_retry(driver: BookingDriver) -> None:
    answer = driver.system.http("POST /v1/bookings", {"event_id": str(uuid.uuid4()), "number_slot": 1}, by=ANNA)

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (404, "event-not-found", "1")


def test_order_for_foreign_type_is_422(driver: BookingDriver) -> None:
    event, other = driver.publish_event(10), driver.publish_event(10)
    items = [{"event_type_id": other.types[0], "qty": 1}]

    answer = driver.system.http("POST /v1/bookings", {"event_id": event.id, "items": items}, by=ANNA)

    assert (answer.status, answer.problem) == (422, "invalid-event-type")
    assert (driver.available(other), driver.available(event)) == ([10], [10])


LATER, EARLIER = START + timedelta(seconds=1), START
NOT_ON_SALE: dict[str, tuple[dict[str, Any], int, str]] = {
    "cancelled": ({"status": "CANCELLED"}, 409, "not-on-sale"),
    "ended": ({"status": "ENDED"}, 410, "sale-ended"),
    "paused": ({"statuses": {0: "PAUSED"}}, 409, "not-on-sale"),
    "closed": ({"statuses": {0: "CLOSED"}}, 410, "sale-ended"),
    "too early": ({"windows": {"sale_from": LATER}}, 409, "not-on-sale-yet"),
    "too late": ({"windows": {"sale_until": EARLIER}}, 410, "sale-ended"),
}


@pytest.mark.parametrize("name", NOT_ON_SALE)
@pytest.mark.parametrize("by_number", [True, False])
def test_order_for_type_not_on_sale_is_rejected(driver: BookingDriver, name: str, by_number: bool) -> None:
    event = driver.publish_event(10)
    terms, status, problem = NOT_ON_SALE[name]
    driver.change_terms(event, **terms)
    order: dict[str, Any] = (
        {"number_slot": 1} if by_number else {"items": [{"event_type_id": event.types[0], "qty": 1}]}
    )

    answer = driver.system.http("POST /v1/bookings", {"event_id": event.id} | order, by=ANNA)

    assert (answer.status, answer.problem) == (status, problem)
    assert driver.available(event) == [10]


def test_type_is_on_sale_within_its_window(driver: BookingDriver) -> None:
    event = driver.publish_event(10, windows={"sale_from": LATER, "sale_until": LATER + timedelta(seconds=1)})

    assert driver.order(ANNA, event, 1).json["sale_from"] == LATER.isoformat()
    driver.advance(1)
    assert driver.order(ANNA, event, 1).status == 201
    driver.advance(1)
    assert driver.order(ANNA, event, 1).problem == "sale-ended"


def test_ended_event_is_not_sold(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.advance((ENDS - START).total_seconds() - 1)
    assert driver.order(ANNA, event, 1).status == 201

    driver.advance(1)

    answer = driver.order(ANNA, event, 1)
    assert (answer.status, answer.problem, driver.available(event)) == (410, "sale-ended", [9])


def test_postponed_event_end_extends_sale(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.advance((ENDS - START).total_seconds())

    driver.change_terms(event, ends_at=ENDS + timedelta(hours=1))

    assert driver.order(ANNA, event, 1).status == 201


def test_order_including_paused_type_is_rejected(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 10, statuses={1: "PAUSED"})

    assert driver.order(ANNA, event, 1, 1).problem == "not-on-sale"
    assert driver.available(event) == [10, 10]


def test_terms_changed_during_order_are_a_conflict(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    with interleaved("TransactWriteItems", lambda: driver.change_terms(event, prices=9900)) as acted:
        answer = driver.order(ANNA, event, 1)

    assert acted
    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (409, "terms-conflict", "1")
    assert (driver.available(event), driver.order(ANNA, event, 1).json["prices"]) == ([10], 9900)


def test_event_cancelled_during_order_is_a_conflict(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    with interleaved("TransactWriteItems", lambda: driver.change_terms(event, status="CANCELLED")):
        answer = driver.order(ANNA, event, 1)

    assert (answer.problem, driver.available(event)) == ("terms-conflict", [10])
    assert driver.order(ANNA, event, 1).problem == "not-on-sale"


def test_order_losing_race_reports_all_held(driver: BookingDriver) -> None:
    event = driver.publish_event(1, 10)

    with interleaved("TransactWriteItems", lambda: driver.hold(BEN, event, 1)):
        answer = driver.order(ANNA, event, 1, 1)

    assert answer.problem == "all-held"
    assert (driver.available(event), driver.violations()) == ([0, 10], [])


def test_all_held_becomes_sold_out_after_payment(driver: BookingDriver) -> None:
    event = driver.publish_event(3)
    held, sold = driver.hold(BEN, event, 1), driver.hold(BEN, event, 2)
    assert driver.order(ANNA, event, 3).problem == "all-held"

    driver.payment_succeeded(sold)
    driver.count_bookings(sold)

    assert [driver.order(ANNA, event, qty).problem for qty in (1, 2)] == ["all-held", "sold-out"]
    driver.payment_succeeded(held, "p2")
    driver.count_bookings(held)
    assert driver.order(ANNA, event, 1).problem == "sold-out"


def test_repeated_order_returns_same_booking(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    first = driver.order(ANNA, event, 2, key="k1")

    repeated = driver.order(ANNA, event, 2, key="k1")

    assert (repeated.status, repeated.json) == (201, first.json)
    assert repeated.headers["idempotency-replayed"] == "true"
    assert repeated.headers["location"] == first.headers["location"]
    assert (driver.available(event), driver.held_places(event, ANNA)) == ([8], 2)


def test_field_order_does_not_change_the_request(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    first = driver.order(ANNA, event, 2, key="k1")
    raw = json.dumps({"items": [{"qty": 2, "event_type_id": event.types[0]}], "event_id": event.id}, indent=3)

    assert driver.system.http("POST /v1/bookings", by=ANNA, key="k1", raw=raw.encode()).json == first.json


def test_reused_key_with_other_body_is_422(driver: BookingDriver) -> None:
    event, other = driver.publish_event(10), driver.publish_event(10)
    driver.hold(ANNA, event, 2, key="k1")

    for answer in (driver.order(ANNA, event, 1, key="k1"), driver.order(ANNA, other, 2, key="k1")):
        assert (answer.status, answer.problem) == (422, "idempotency-key-reused")
    assert (driver.available(event), driver.available(other)) == ([8], [10])


def test_reused_key_takes_precedence_over_other_errors(driver: BookingDriver) -> None:
    event = driver.publish_event(2)
    driver.hold(ANNA, event, 2, key="k1")
    unknown = {"event_id": str(uuid.uuid4()), "number_slot": 1}

    assert driver.order(ANNA, event, 1, key="k1").problem == "idempotency-key-reused"
    assert driver.system.http("POST /v1/bookings", unknown, by=ANNA, key="k1").problem == "idempotency-key-reused"


def test_added_request_field_keeps_the_fingerprint(driver: BookingDriver) -> None:
    """A retry may come after a deployment: fields that the client did not send do not count."""

    class LaterRequest(BookingRequest):
        note: str = "none"

    sent = json.dumps({"event_id": driver.publish_event(10).id, "number_slot": 2})
    with driver.system.as_function(row("booking.create_booking")):
        first, _ = holds.place_hold("u1", BookingRequest.model_validate_json(sent), "k1")
        again, replayed = holds.place_hold("u1", LaterRequest.model_validate_json(sent), "k1")

    assert (again, replayed) == (first, True)


def test_keys_of_two_users_are_independent(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    assert driver.hold(ANNA, event, 2, key="k1") != driver.hold(BEN, event, 2, key="k1")
    assert driver.available(event) == [6]


def test_orders_without_key_are_independent(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    assert driver.hold(ANNA, event, 1) != driver.hold(ANNA, event, 1)


def test_long_key_is_stored_hashed(driver: BookingDriver) -> None:
    event, key = driver.publish_event(10), "k" * 255

    first = driver.order(ANNA, event, 1, key=key)

    assert len(first.json["idempotency_key"]) == 40
    assert driver.order(ANNA, event, 1, key=key).json == first.json
    assert driver.order(ANNA, event, 1, key="k" * 254).json["id"] != first.json["id"]


def test_key_of_40_characters_is_stored_unchanged(driver: BookingDriver) -> None:
    assert driver.order(ANNA, driver.publish_event(10), 1, key="k" * 40).json["idempotency_key"] == "k" * 40


LATER_CHANGES: dict[str, Any] = {
    "sold out": lambda driver, event: driver.hold(BEN, event, 3),
    "paused": lambda driver, event: driver.change_terms(event, [4], statuses={0: "PAUSED"}),
    "cancelled": lambda driver, event: driver.change_terms(event, [4], status="CANCELLED"),
    "repriced": lambda driver, event: driver.change_terms(event, [4], prices=1),
    "ended": lambda driver, event: driver.advance((ENDS - START).total_seconds()),
    "limit lowered": lambda driver, event: driver.change_terms(event, [4], max_per_user=1),
}


@pytest.mark.parametrize("name", LATER_CHANGES)
def test_repeated_order_is_replayed_after_later_changes(driver: BookingDriver, name: str) -> None:
    event = driver.publish_event(4, max_per_user=3)
    first = driver.order(ANNA, event, 1, key="k1")
    LATER_CHANGES[name](driver, event)

    repeated = driver.order(ANNA, event, 1, key="k1")

    assert (repeated.status, repeated.json, repeated.headers["idempotency-replayed"]) == (201, first.json, "true")


def test_concurrent_equal_orders_create_one_booking(driver: BookingDriver) -> None:
    event = driver.publish_event(2)
    answers = []

    with interleaved("TransactWriteItems", lambda: answers.append(driver.order(ANNA, event, 2, key="k1"))):
        answers.append(driver.order(ANNA, event, 2, key="k1"))

    assert [one.status for one in answers] == [201, 201]
    assert answers[0].json["id"] == answers[1].json["id"]
    assert (driver.available(event), driver.held_places(event, ANNA), driver.violations()) == ([0], 2, [])


def test_concurrent_orders_with_one_key_conflict(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    with interleaved("TransactWriteItems", lambda: driver.hold(ANNA, event, 2, key="k1")):
        answer = driver.order(ANNA, event, 1, key="k1")

    assert (answer.problem, driver.available(event)) == ("idempotency-key-reused", [8])


@pytest.mark.moto
def test_lost_reply_creates_no_second_booking(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    with lost_reply("dynamodb", "TransactWriteItems") as sent:
        answer = driver.order(ANNA, event, 2, key="k1")

    assert (sent, answer.status) == ([1, 2], 201)
    assert (driver.available(event), driver.violations()) == ([8], [])


@pytest.mark.moto
def test_transaction_conflict_is_retried(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    with scripted_responses(
        "dynamodb", "TransactWriteItems", cancelled_transaction("None", "None", "TransactionConflict")
    ) as calls:
        assert driver.order(ANNA, event, 2).status == 201

    assert (len(calls.calls), driver.available(event)) == (2, [8])


@pytest.mark.moto
def test_throttled_order_is_503_and_holds_nothing(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    before = driver.items()

    with scripted_responses("dynamodb", "TransactWriteItems", error_response("ProvisionedThroughputExceededException")):
        answer = driver.order(ANNA, event, 2)

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "service-unavailable", "1")
    assert driver.items() == before


def test_free_order_starts_pending(driver: BookingDriver) -> None:
    answer = driver.order(ANNA, driver.publish_event(10, prices=0), 2)

    assert (answer.status, answer.json["prices"], answer.json["status"]) == (201, 0, "PENDING")


def test_hold_length_is_per_event(driver: BookingDriver) -> None:
    driver.advance(30)

    assert driver.order(ANNA, driver.publish_event(10, hold_seconds=60), 1).json["pay_before"] == "2026-05-01T12:01:30Z"
    assert HOLD_SECONDS == 600


SOME_ID = str(uuid.uuid4())
ITEM = {"event_type_id": SOME_ID, "qty": 1}
INVALID_ORDERS: dict[str, Any] = {
    "nothing wanted": {},
    "both wanted": {"number_slot": 1, "items": [ITEM]},
    "items null": {"items": None},
    "no items": {"items": []},
    "eleven items": {"items": [ITEM | {"event_type_id": str(uuid.uuid4())} for _ in range(11)]},
    "a type twice": {"items": [ITEM, ITEM]},
    "0 places": {"number_slot": 0},
    "-1 places": {"number_slot": -1},
    "1.5 places": {"number_slot": 1.5},
    "1.0 places": {"number_slot": 1.0},
    "2 as text": {"number_slot": "2"},
    "true places": {"number_slot": True},
    "a milliard places": {"number_slot": 10**9},
    "101 places": {"number_slot": 101},
    "0 of a type": {"items": [ITEM | {"qty": 0}]},
    "101 of a type": {"items": [ITEM | {"qty": 101}]},
    "text of a type": {"items": [ITEM | {"qty": "1"}]},
    "no type": {"items": [{"qty": 1}]},
    "a short type": {"items": [ITEM | {"event_type_id": "x"}]},
    "a price": {"number_slot": 1, "prices": 1},
    "a unit price": {"items": [ITEM | {"unit_price": 1}]},
    "a currency": {"number_slot": 1, "currency": "XXX"},
    "a status": {"number_slot": 1, "status": "CONFIRMED"},
    "a user": {"number_slot": 1, "user_id": "u2"},
    "an id": {"number_slot": 1, "id": "b1"},
    "a short event": {"number_slot": 1, "event_id": "x"},
    "a long event": {"number_slot": 1, "event_id": "x" * 37},
    "a number as event": {"number_slot": 1, "event_id": 5},
    "an object as event": {"number_slot": 1, "event_id": {"$ne": None}},
}


@pytest.mark.parametrize("name", INVALID_ORDERS)
def test_invalid_order_is_422_and_names_field(system: System, name: str) -> None:
    answer = system.http("POST /v1/bookings", {"event_id": SOME_ID} | INVALID_ORDERS[name], by=ANNA)

    assert (answer.status, answer.problem) == (422, "unprocessable")
    assert all("pointer" in one for one in answer.json["errors"])


def test_order_without_token_is_401(system: System) -> None:
    assert system.http("POST /v1/bookings", {"event_id": SOME_ID, "number_slot": 1}).status == 401
