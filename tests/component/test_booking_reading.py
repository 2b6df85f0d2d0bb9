"""Reading bookings and availability, and cancelling: one's own only."""

import pytest

from tests.support.box_office import ENDS, START, BoxOffice
from tests.support.refusals import meanwhile
from tests.support.system import Person

ANNA, BEN = Person(), Person()


def test_a_booking_reads_as_it_was_answered(office: BoxOffice) -> None:
    made = office.order(ANNA, office.show(10), 2, key="k1")

    answer = office.system.http(f"GET {made.headers['location']}", by=ANNA)

    assert (answer.status, answer.json) == (200, made.json)


def test_a_booking_is_sent_again_once_it_has_moved(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 1)
    tag = {"if-none-match": office.system.http(f"GET /v1/bookings/{booking}", by=ANNA).headers["etag"]}

    same = office.system.http(f"GET /v1/bookings/{booking}", by=ANNA, headers=tag)
    office.cancel(ANNA, booking)
    moved = office.system.http(f"GET /v1/bookings/{booking}", by=ANNA, headers=tag)

    assert (same.status, same.text, same.headers["etag"]) == (304, "", tag["if-none-match"])
    assert (moved.status, moved.json["status"]) == (200, "CANCELLED")


def test_another_persons_booking_looks_like_none(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 1)
    none = "00000000-0000-4000-8000-000000000000"

    for call in ("GET /v1/bookings/{}", "POST /v1/bookings/{}/cancel"):
        theirs = office.system.http(call.format(booking), by=BEN, request_id="r1")
        unknown = office.system.http(call.format(none), by=BEN, request_id="r1")
        assert (theirs.status, theirs.problem) == (404, "booking-unknown")
        assert (theirs.text, theirs.headers) == (unknown.text, unknown.headers)
    assert office.booking(booking)["status"] == "PENDING"


def test_an_admin_is_not_everybody(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 1)

    assert office.system.http(f"GET /v1/bookings/{booking}", by=Person("admin")).status == 404


def test_what_else_lies_in_the_table_is_no_booking(office: BoxOffice) -> None:
    show = office.show(10)
    office.held(ANNA, show, 1)

    for other in (show.id, show.types[0], f"{show.id}%23{ANNA.user_id}", f"{show.id}#{ANNA.user_id}"):
        assert office.system.http(f"GET /v1/bookings/{other}", by=ANNA).status == 404


@pytest.mark.parametrize("name", ["x" * 2048, "😀", "%00", "..%2f", "null", "\x00", "\ud800"])
def test_a_strange_id_is_404(office: BoxOffice, name: str) -> None:
    assert office.system.http(f"GET /v1/bookings/{name}", by=ANNA).status == 404
    assert office.cancel(ANNA, name).status == 404


def test_the_newest_bookings_come_first_and_are_ones_own(office: BoxOffice) -> None:
    show, made = office.show(100, max_per_user=100), []
    for _ in range(5):
        office.wait(1)
        made.append(office.held(ANNA, show, 1))
        office.held(BEN, show, 1)

    first = office.system.http("GET /v1/bookings", by=ANNA, query={"limit": "3"}).json
    second = office.system.http("GET /v1/bookings", by=ANNA, query={"next_token": first["next_token"]}).json
    back = office.system.http(
        "GET /v1/bookings", by=ANNA, query={"previous_token": second["previous_token"], "limit": "3"}
    ).json

    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    assert (first["previous_token"], second["next_token"], back["items"]) == (None, None, first["items"])
    assert first["items"][0] == office.system.http(f"GET /v1/bookings/{made[-1]}", by=ANNA).json


def test_a_list_of_none_is_empty(office: BoxOffice) -> None:
    answer = office.system.http("GET /v1/bookings", by=ANNA)

    assert (answer.status, answer.json) == (200, {"items": [], "next_token": None, "previous_token": None})


def test_another_persons_page_token_is_refused(office: BoxOffice) -> None:
    show = office.show(10)
    office.held(ANNA, show, 1)
    office.wait(1)
    office.held(ANNA, show, 1)
    token = office.system.http("GET /v1/bookings", by=ANNA, query={"limit": "1"}).json["next_token"]

    for query in ({"next_token": token}, {"previous_token": token}, {"next_token": token[:-2]}, {"next_token": "x"}):
        answer = office.system.http("GET /v1/bookings", by=BEN, query=query)
        assert (answer.status, answer.problem) == (400, "bad-token")


def test_a_pending_booking_can_be_cancelled(office: BoxOffice) -> None:
    show = office.show(10, 10)
    booking = office.held(ANNA, show, 1, 2)
    office.wait(5)

    answer = office.cancel(ANNA, booking)

    assert (answer.status, answer.json["status"]) == (200, "CANCELLED")
    assert [one["did"] for one in answer.json["logs"]] == ["order", "cancel"]
    assert (office.free(show), office.limit(show, ANNA), office.violations()) == ([10, 10], 0, [])
    assert office.told(booking) == [("BookingCancelled", "buyer")]
    assert office.booking(booking)["cancelled_at"] == "2026-05-01T12:00:05.000Z"


def test_cancelled_places_can_be_had_again(office: BoxOffice) -> None:
    show = office.show(2, max_per_user=2)
    office.cancel(ANNA, office.held(ANNA, show, 2))

    assert office.order(ANNA, show, 2).status == 201


def test_cancelling_twice_gives_back_once(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)

    first, second = office.cancel(ANNA, booking), office.cancel(ANNA, booking)

    assert (first.json, office.free(show), office.limit(show, ANNA)) == (second.json, [10], 0)


def test_two_cancellations_at_once_give_back_once(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)

    with meanwhile("TransactWriteItems", lambda: office.cancel(ANNA, booking)) as acted:
        answer = office.cancel(ANNA, booking)

    assert acted
    assert (answer.status, answer.json["status"]) == (200, "CANCELLED")
    assert (office.free(show), office.violations()) == ([10], [])


def test_a_booking_that_is_paid_meanwhile_is_not_cancelled(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2)

    with meanwhile("TransactWriteItems", lambda: office.pay(booking)):
        answer = office.cancel(ANNA, booking)

    assert (answer.status, answer.problem, answer.json["refund_percent"]) == (409, "not-refundable", 0)
    assert (answer.json["status"], office.free(show), office.violations()) == (409, [8], [])


def test_what_is_over_cannot_be_cancelled(office: BoxOffice) -> None:
    show = office.show(10)
    booked = {status: office.held(ANNA, show, 1) for status in ("EXPIRED", "FAILED")}
    office.fail(booked["EXPIRED"])
    office.fail(booked["FAILED"], "declined")

    for status, booking in booked.items():
        answer = office.cancel(ANNA, booking)

        assert (answer.status, answer.problem, answer.json["booking_status"]) == (409, "not-cancellable", status)
    assert office.violations() == []


def available(office: BoxOffice, event_id: str) -> list[tuple[int, int, str]]:
    answer = office.system.http(f"GET /v1/events/{event_id}/availability")
    assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=1")
    return [(one["available"], one["capacity"], one["word"]) for one in answer.json["types"]]


def test_availability_is_told_per_type_to_anyone(office: BoxOffice) -> None:
    show = office.show(10, 20, 0, max_per_user=100)
    office.held(ANNA, show, 9, 1)

    assert available(office, show.id) == [(1, 10, "few_left"), (19, 20, "available"), (0, 0, "sold_out")]


def test_availability_names_its_types(office: BoxOffice) -> None:
    show = office.show(10)

    told = office.system.http(f"GET /v1/events/{show.id}/availability").json

    assert told["event_id"] == show.id
    fixed = {"event_type_id": show.types[0], "name": "Type 0", "prices": 2500, "currency": "EUR"}
    assert told["types"][0] == fixed | {"capacity": 10, "available": 10, "held": 0, "sold": 0, "word": "available"}


@pytest.mark.parametrize(("taken", "word"), [(0, "available"), (17, "available"), (18, "few_left"), (20, "all_held")])
def test_the_last_tenth_is_few(office: BoxOffice, taken: int, word: str) -> None:
    show = office.show(20, max_per_user=100)
    if taken:
        office.held(ANNA, show, taken)

    assert available(office, show.id) == [(20 - taken, 20, word)]


def test_what_is_not_on_sale_says_so(office: BoxOffice) -> None:
    show = office.show(10, 10, statuses={1: "PAUSED"})
    assert [word for _, _, word in available(office, show.id)] == ["available", "paused"]

    office.change_terms(show, [10, 10], status="CANCELLED")
    assert [word for _, _, word in available(office, show.id)] == ["ended", "ended"]


def test_an_event_that_is_over_has_ended_however_many_places_are_left(office: BoxOffice) -> None:
    show = office.show(10, 0)
    office.wait((ENDS - START).total_seconds() - 1)
    assert [word for _, _, word in available(office, show.id)] == ["available", "sold_out"]

    office.wait(1)

    assert [word for _, _, word in available(office, show.id)] == ["ended", "ended"]


def test_places_that_went_back_are_shown_at_once(office: BoxOffice) -> None:
    show = office.show(1)
    booking = office.held(ANNA, show, 1)
    assert available(office, show.id) == [(0, 1, "all_held")]

    office.fail(booking)

    assert [left for left, _, _ in available(office, show.id)] == [1]


def test_an_unknown_event_has_no_availability(office: BoxOffice) -> None:
    answer = office.system.http("GET /v1/events/x/availability")

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (404, "event-unknown", "1")
