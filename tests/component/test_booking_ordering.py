"""POST /v1/bookings: places, limit and booking together or not at all, and each refusal by its own name."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest

from booking.core import service
from booking.core.schemas import BookingRequest
from tests.support.box_office import ENDS, HOLD, START, BoxOffice
from tests.support.refusals import answering, cancelled, losing_a_reply, meanwhile, refused
from tests.support.system import Person, System, row

ANNA, BEN = Person(), Person()


def test_an_order_holds_its_places_until_a_time(office: BoxOffice) -> None:
    show = office.show(10)

    answer = office.order(ANNA, show, 2, key="k1")

    assert answer.status == 201
    told = answer.json
    assert answer.headers["location"] == f"/v1/bookings/{told['id']}"
    assert "idempotency-replayed" not in answer.headers
    assert (told["status"], told["quantity"], told["prices"], told["currency"]) == ("PENDING", 2, 5000, "EUR")
    assert (told["user_id"], told["event_id"], told["idempotency_key"]) == (ANNA.user_id, show.id, "k1")
    assert (told["created_at"], told["pay_before"]) == ("2026-05-01T12:00:00Z", "2026-05-01T12:10:00Z")
    assert told["logs"] == [{"version": 1, "did": "order", "by": "buyer", "at": "2026-05-01T12:00:00Z"}]
    assert (office.free(show), office.limit(show, ANNA)) == ([8], 2)


def test_its_items_carry_every_attribute(office: BoxOffice) -> None:
    show = office.show(10, 10)

    told = office.order(ANNA, show, 1, 2).json

    assert {one["event_type_id"]: one["qty"] for one in told["items"]} == dict(zip(show.types, [1, 2], strict=True))
    assert len({one["id"] for one in told["items"]}) == 2
    times = {"created_at": told["created_at"], "updated_at": told["updated_at"]}
    for one in told["items"]:
        fixed = {"booking_id": told["id"], "unit_price": 2500, "currency": "EUR"} | times
        assert one == one | fixed
        assert set(one) == {"id", "event_type_id", "qty", *fixed}


def test_an_order_publishes_what_is_due_and_until_when(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 2)

    assert office.told(booking) == [("BookingOrdered", None)]


def test_a_bare_number_is_enough_where_one_type_is_on_sale(office: BoxOffice) -> None:
    show = office.show(10, 10, statuses={1: "PAUSED"})

    answer = office.system.http("POST /v1/bookings", {"event_id": show.id, "number_slot": 3}, by=ANNA)

    assert (answer.status, answer.json["items"][0]["event_type_id"]) == (201, show.types[0])
    assert office.free(show) == [7, 10]


def test_a_bare_number_is_not_enough_where_several_are(office: BoxOffice) -> None:
    show = office.show(10, 10)

    answer = office.system.http("POST /v1/bookings", {"event_id": show.id, "number_slot": 3}, by=ANNA)

    assert (answer.status, answer.problem) == (422, "type-needed")
    assert answer.json["errors"][0]["pointer"] == "/number_slot"


def test_several_types_are_held_together(office: BoxOffice) -> None:
    show = office.show(5, 5, 5, max_per_user=10)

    assert office.order(ANNA, show, 1, 2, 3).json["prices"] == 6 * 2500

    assert office.free(show) == [4, 3, 2]


def test_all_or_none_of_several_types_are_held(office: BoxOffice) -> None:
    show = office.show(5, 1, 5, max_per_user=10)
    before = office.items()

    answer = office.order(ANNA, show, 1, 2, 3)

    assert (answer.status, answer.problem) == (409, "sold-out")
    assert answer.json["short"] == [{"event_type_id": show.types[1], "available": 1}]
    assert office.items() == before


def test_every_type_that_is_short_is_named(office: BoxOffice) -> None:
    show = office.show(1, 5, 2, max_per_user=10)

    short = office.order(ANNA, show, 3, 3, 3).json["short"]

    assert {one["event_type_id"]: one["available"] for one in short} == {show.types[0]: 1, show.types[2]: 2}


def test_the_last_place_can_be_had_and_no_more(office: BoxOffice) -> None:
    show = office.show(3)

    assert office.order(ANNA, show, 3).status == 201
    assert office.order(BEN, show, 1).problem == "all-held"
    assert (office.free(show), office.violations()) == ([0], [])


def test_more_than_the_event_allows_each_person_is_refused(office: BoxOffice) -> None:
    answer = office.order(ANNA, office.show(100, max_per_user=3), 4)

    assert (answer.status, answer.problem, answer.json["max_per_user"]) == (409, "limit-reached", 3)


def test_the_limit_counts_all_of_a_persons_bookings(office: BoxOffice) -> None:
    show = office.show(100, 100, max_per_user=4)
    office.held(ANNA, show, 2)
    office.held(ANNA, show, 0, 1)

    answer = office.order(ANNA, show, 2)

    assert (answer.problem, answer.json["max_per_user"], answer.json["held"]) == ("limit-reached", 4, 3)
    assert office.order(ANNA, show, 1).status == 201
    assert office.order(BEN, show, 4).status == 201
    assert (office.limit(show, ANNA), office.violations()) == (4, [])


def test_a_limit_of_another_event_does_not_count(office: BoxOffice) -> None:
    office.held(ANNA, office.show(10), 4)

    assert office.order(ANNA, office.show(10), 4).status == 201


def test_an_unknown_event_is_404_and_may_be_known_in_a_moment(office: BoxOffice) -> None:
    answer = office.system.http("POST /v1/bookings", {"event_id": str(uuid.uuid4()), "number_slot": 1}, by=ANNA)

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (404, "event-unknown", "1")


def test_a_type_of_another_event_is_unknown_here(office: BoxOffice) -> None:
    show, other = office.show(10), office.show(10)
    items = [{"event_type_id": other.types[0], "qty": 1}]

    answer = office.system.http("POST /v1/bookings", {"event_id": show.id, "items": items}, by=ANNA)

    assert (answer.status, answer.problem) == (422, "event-type-unknown")
    assert (office.free(other), office.free(show)) == ([10], [10])


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
@pytest.mark.parametrize("bare", [True, False])
def test_what_is_not_on_sale_is_refused(office: BoxOffice, name: str, bare: bool) -> None:
    show = office.show(10)
    terms, status, problem = NOT_ON_SALE[name]
    office.change_terms(show, **terms)
    order: dict[str, Any] = {"number_slot": 1} if bare else {"items": [{"event_type_id": show.types[0], "qty": 1}]}

    answer = office.system.http("POST /v1/bookings", {"event_id": show.id} | order, by=ANNA)

    assert (answer.status, answer.problem) == (status, problem)
    assert office.free(show) == [10]


def test_within_its_window_a_type_is_on_sale(office: BoxOffice) -> None:
    show = office.show(10, windows={"sale_from": LATER, "sale_until": LATER + timedelta(seconds=1)})

    assert office.order(ANNA, show, 1).json["sale_from"] == LATER.isoformat()
    office.wait(1)
    assert office.order(ANNA, show, 1).status == 201
    office.wait(1)
    assert office.order(ANNA, show, 1).problem == "sale-ended"


def test_an_event_that_is_over_is_not_sold(office: BoxOffice) -> None:
    show = office.show(10)
    office.wait((ENDS - START).total_seconds() - 1)
    assert office.order(ANNA, show, 1).status == 201

    office.wait(1)

    answer = office.order(ANNA, show, 1)
    assert (answer.status, answer.problem, office.free(show)) == (410, "sale-ended", [9])


def test_a_new_end_is_a_new_end_of_the_sale(office: BoxOffice) -> None:
    show = office.show(10)
    office.wait((ENDS - START).total_seconds())

    office.change_terms(show, ends_at=ENDS + timedelta(hours=1))

    assert office.order(ANNA, show, 1).status == 201


def test_a_paused_type_is_not_sold_beside_one_on_sale(office: BoxOffice) -> None:
    show = office.show(10, 10, statuses={1: "PAUSED"})

    assert office.order(ANNA, show, 1, 1).problem == "not-on-sale"
    assert office.free(show) == [10, 10]


def test_terms_that_change_during_the_order_are_not_sold_under(office: BoxOffice) -> None:
    show = office.show(10)

    with meanwhile("TransactWriteItems", lambda: office.change_terms(show, prices=9900)) as acted:
        answer = office.order(ANNA, show, 1)

    assert acted
    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (409, "terms-changing", "1")
    assert (office.free(show), office.order(ANNA, show, 1).json["prices"]) == ([10], 9900)


def test_a_cancellation_during_the_order_is_not_sold_over(office: BoxOffice) -> None:
    show = office.show(10)

    with meanwhile("TransactWriteItems", lambda: office.change_terms(show, status="CANCELLED")):
        answer = office.order(ANNA, show, 1)

    assert (answer.problem, office.free(show)) == ("terms-changing", [10])
    assert office.order(ANNA, show, 1).problem == "not-on-sale"


def test_who_is_short_and_late_is_told_that_they_are_held(office: BoxOffice) -> None:
    show = office.show(1, 10)

    with meanwhile("TransactWriteItems", lambda: office.held(BEN, show, 1)):
        answer = office.order(ANNA, show, 1, 1)

    assert answer.problem == "all-held"
    assert (office.free(show), office.violations()) == ([0, 10], [])


def test_what_is_held_may_return_and_what_is_sold_does_not(office: BoxOffice) -> None:
    show = office.show(3)
    held, sold = office.held(BEN, show, 1), office.held(BEN, show, 2)
    assert office.order(ANNA, show, 3).problem == "all-held"

    office.pay(sold)
    office.counted(sold)

    assert [office.order(ANNA, show, qty).problem for qty in (1, 2)] == ["all-held", "sold-out"]
    office.pay(held, "p2")
    office.counted(held)
    assert office.order(ANNA, show, 1).problem == "sold-out"


def test_the_same_key_and_body_give_the_same_booking(office: BoxOffice) -> None:
    show = office.show(10)
    first = office.order(ANNA, show, 2, key="k1")

    again = office.order(ANNA, show, 2, key="k1")

    assert (again.status, again.json) == (201, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert (office.free(show), office.limit(show, ANNA)) == ([8], 2)


def test_the_order_of_fields_is_not_another_body(office: BoxOffice) -> None:
    show = office.show(10)
    first = office.order(ANNA, show, 2, key="k1")
    raw = json.dumps({"items": [{"qty": 2, "event_type_id": show.types[0]}], "event_id": show.id}, indent=3)

    assert office.system.http("POST /v1/bookings", by=ANNA, key="k1", raw=raw.encode()).json == first.json


def test_the_same_key_with_another_body_is_refused(office: BoxOffice) -> None:
    show, other = office.show(10), office.show(10)
    office.held(ANNA, show, 2, key="k1")

    for answer in (office.order(ANNA, show, 1, key="k1"), office.order(ANNA, other, 2, key="k1")):
        assert (answer.status, answer.problem) == (422, "key-reused")
    assert (office.free(show), office.free(other)) == ([8], [10])


def test_a_reused_key_is_told_before_any_other_refusal(office: BoxOffice) -> None:
    show = office.show(2)
    office.held(ANNA, show, 2, key="k1")
    unknown = {"event_id": str(uuid.uuid4()), "number_slot": 1}

    assert office.order(ANNA, show, 1, key="k1").problem == "key-reused"
    assert office.system.http("POST /v1/bookings", unknown, by=ANNA, key="k1").problem == "key-reused"


def test_a_field_that_a_later_version_adds_makes_no_other_request_of_it(office: BoxOffice) -> None:
    """A repetition may come after a deployment: what the client did not send does not count."""

    class LaterRequest(BookingRequest):
        note: str = "none"

    sent = json.dumps({"event_id": office.show(10).id, "number_slot": 2})
    with office.system.acting(row("booking.create_booking")):
        first, _ = service.order("u1", BookingRequest.model_validate_json(sent), "k1")
        again, replayed = service.order("u1", LaterRequest.model_validate_json(sent), "k1")

    assert (again, replayed) == (first, True)


def test_another_persons_same_key_is_another_booking(office: BoxOffice) -> None:
    show = office.show(10)

    assert office.held(ANNA, show, 2, key="k1") != office.held(BEN, show, 2, key="k1")
    assert office.free(show) == [6]


def test_without_a_key_each_order_is_its_own(office: BoxOffice) -> None:
    show = office.show(10)

    assert office.held(ANNA, show, 1) != office.held(ANNA, show, 1)


def test_a_long_key_is_kept_short_and_still_answers(office: BoxOffice) -> None:
    show, key = office.show(10), "k" * 255

    first = office.order(ANNA, show, 1, key=key)

    assert len(first.json["idempotency_key"]) == 40
    assert office.order(ANNA, show, 1, key=key).json == first.json
    assert office.order(ANNA, show, 1, key="k" * 254).json["id"] != first.json["id"]


def test_a_key_of_40_characters_is_kept_as_it_is(office: BoxOffice) -> None:
    assert office.order(ANNA, office.show(10), 1, key="k" * 40).json["idempotency_key"] == "k" * 40


AFTERWARDS: dict[str, Any] = {
    "sold out": lambda office, show: office.held(BEN, show, 3),
    "paused": lambda office, show: office.change_terms(show, [4], statuses={0: "PAUSED"}),
    "cancelled": lambda office, show: office.change_terms(show, [4], status="CANCELLED"),
    "repriced": lambda office, show: office.change_terms(show, [4], prices=1),
    "ended": lambda office, show: office.wait((ENDS - START).total_seconds()),
    "limit lowered": lambda office, show: office.change_terms(show, [4], max_per_user=1),
}


@pytest.mark.parametrize("name", AFTERWARDS)
def test_whoever_repeats_an_order_gets_its_answer_whatever_happened_since(office: BoxOffice, name: str) -> None:
    show = office.show(4, max_per_user=3)
    first = office.order(ANNA, show, 1, key="k1")
    AFTERWARDS[name](office, show)

    again = office.order(ANNA, show, 1, key="k1")

    assert (again.status, again.json, again.headers["idempotency-replayed"]) == (201, first.json, "true")


def test_two_equal_orders_at_once_are_one_booking(office: BoxOffice) -> None:
    show = office.show(2)
    answers = []

    with meanwhile("TransactWriteItems", lambda: answers.append(office.order(ANNA, show, 2, key="k1"))):
        answers.append(office.order(ANNA, show, 2, key="k1"))

    assert [one.status for one in answers] == [201, 201]
    assert answers[0].json["id"] == answers[1].json["id"]
    assert (office.free(show), office.limit(show, ANNA), office.violations()) == ([0], 2, [])


def test_two_other_orders_at_once_with_one_key_are_one_booking_and_a_refusal(office: BoxOffice) -> None:
    show = office.show(10)

    with meanwhile("TransactWriteItems", lambda: office.held(ANNA, show, 2, key="k1")):
        answer = office.order(ANNA, show, 1, key="k1")

    assert (answer.problem, office.free(show)) == ("key-reused", [8])


@pytest.mark.moto
def test_a_lost_reply_makes_no_second_booking(office: BoxOffice) -> None:
    show = office.show(10)

    with losing_a_reply("dynamodb", "TransactWriteItems") as sent:
        answer = office.order(ANNA, show, 2, key="k1")

    assert (sent, answer.status) == ([1, 2], 201)
    assert (office.free(show), office.violations()) == ([8], [])


@pytest.mark.moto
def test_a_conflict_with_another_buyer_is_waited_out(office: BoxOffice) -> None:
    show = office.show(10)

    with answering("dynamodb", "TransactWriteItems", cancelled("None", "None", "TransactionConflict")) as calls:
        assert office.order(ANNA, show, 2).status == 201

    assert (len(calls.calls), office.free(show)) == (2, [8])


@pytest.mark.moto
def test_a_throttled_table_is_503_and_holds_nothing(office: BoxOffice) -> None:
    show = office.show(10)
    before = office.items()

    with answering("dynamodb", "TransactWriteItems", refused("ProvisionedThroughputExceededException")):
        answer = office.order(ANNA, show, 2)

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "busy", "1")
    assert office.items() == before


def test_a_free_place_is_ordered_like_any_other(office: BoxOffice) -> None:
    answer = office.order(ANNA, office.show(10, prices=0), 2)

    assert (answer.status, answer.json["prices"], answer.json["status"]) == (201, 0, "PENDING")


def test_each_event_has_its_own_hold(office: BoxOffice) -> None:
    office.wait(30)

    assert office.order(ANNA, office.show(10, hold_seconds=60), 1).json["pay_before"] == "2026-05-01T12:01:30Z"
    assert HOLD == 600


SOME = str(uuid.uuid4())
ONE = {"event_type_id": SOME, "qty": 1}
WRONG: dict[str, Any] = {
    "nothing wanted": {},
    "both wanted": {"number_slot": 1, "items": [ONE]},
    "items null": {"items": None},
    "no items": {"items": []},
    "eleven items": {"items": [ONE | {"event_type_id": str(uuid.uuid4())} for _ in range(11)]},
    "a type twice": {"items": [ONE, ONE]},
    "0 places": {"number_slot": 0},
    "-1 places": {"number_slot": -1},
    "1.5 places": {"number_slot": 1.5},
    "1.0 places": {"number_slot": 1.0},
    "2 as text": {"number_slot": "2"},
    "true places": {"number_slot": True},
    "a milliard places": {"number_slot": 10**9},
    "101 places": {"number_slot": 101},
    "0 of a type": {"items": [ONE | {"qty": 0}]},
    "101 of a type": {"items": [ONE | {"qty": 101}]},
    "text of a type": {"items": [ONE | {"qty": "1"}]},
    "no type": {"items": [{"qty": 1}]},
    "a short type": {"items": [ONE | {"event_type_id": "x"}]},
    "a price": {"number_slot": 1, "prices": 1},
    "a unit price": {"items": [ONE | {"unit_price": 1}]},
    "a currency": {"number_slot": 1, "currency": "XXX"},
    "a status": {"number_slot": 1, "status": "CONFIRMED"},
    "a user": {"number_slot": 1, "user_id": "u2"},
    "an id": {"number_slot": 1, "id": "b1"},
    "a short event": {"number_slot": 1, "event_id": "x"},
    "a long event": {"number_slot": 1, "event_id": "x" * 37},
    "a number as event": {"number_slot": 1, "event_id": 5},
    "an object as event": {"number_slot": 1, "event_id": {"$ne": None}},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_order_is_422_and_names_the_field(system: System, name: str) -> None:
    answer = system.http("POST /v1/bookings", {"event_id": SOME} | WRONG[name], by=ANNA)

    assert (answer.status, answer.problem) == (422, "invalid")
    assert all("pointer" in one for one in answer.json["errors"])


def test_nobody_orders_without_being_known(system: System) -> None:
    assert system.http("POST /v1/bookings", {"event_id": SOME, "number_slot": 1}).status == 401
