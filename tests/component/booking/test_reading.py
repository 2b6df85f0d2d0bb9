"""Reading and cancelling one's own bookings; reading availability."""

import pytest

from tests.support.drivers.booking_driver import ENDS, START, BookingDriver
from tests.support.faults.aws_errors import interleaved
from tests.support.system.system import Person

ANNA, BEN = Person(), Person()


def test_booking_reads_as_created(driver: BookingDriver) -> None:
    created = driver.order(ANNA, driver.publish_event(10), 2, key="k1")

    answer = driver.system.http(f"GET {created.headers['location']}", by=ANNA)

    assert (answer.status, answer.json) == (200, created.json)


def test_changed_booking_has_new_etag(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)
    tag = {"if-none-match": driver.system.http(f"GET /v1/bookings/{booking}", by=ANNA).headers["etag"]}

    same = driver.system.http(f"GET /v1/bookings/{booking}", by=ANNA, headers=tag)
    driver.cancel(ANNA, booking)
    changed = driver.system.http(f"GET /v1/bookings/{booking}", by=ANNA, headers=tag)

    assert (same.status, same.text, same.headers["etag"]) == (304, "", tag["if-none-match"])
    assert (changed.status, changed.json["status"]) == (200, "CANCELLED")


def test_another_users_booking_is_404(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)
    none = "00000000-0000-4000-8000-000000000000"

    for call in ("GET /v1/bookings/{}", "POST /v1/bookings/{}/cancel"):
        theirs = driver.system.http(call.format(booking), by=BEN, request_id="r1")
        unknown = driver.system.http(call.format(none), by=BEN, request_id="r1")
        assert (theirs.status, theirs.problem) == (404, "booking-not-found")
        assert (theirs.text, theirs.headers) == (unknown.text, unknown.headers)
    assert driver.booking(booking)["status"] == "PENDING"


def test_admin_cannot_read_others_bookings(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1)

    assert driver.system.http(f"GET /v1/bookings/{booking}", by=Person("admin")).status == 404


def test_other_item_kinds_are_404(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.hold(ANNA, event, 1)

    for other in (event.id, event.types[0], f"{event.id}%23{ANNA.user_id}", f"{event.id}#{ANNA.user_id}"):
        assert driver.system.http(f"GET /v1/bookings/{other}", by=ANNA).status == 404


@pytest.mark.parametrize("name", ["x" * 2048, "😀", "%00", "..%2f", "null", "\x00", "\ud800"])
def test_malformed_id_is_404(driver: BookingDriver, name: str) -> None:
    assert driver.system.http(f"GET /v1/bookings/{name}", by=ANNA).status == 404
    assert driver.cancel(ANNA, name).status == 404


def test_list_returns_own_bookings_newest_first(driver: BookingDriver) -> None:
    event, created = driver.publish_event(100, max_per_user=100), []
    for _ in range(5):
        driver.advance(1)
        created.append(driver.hold(ANNA, event, 1))
        driver.hold(BEN, event, 1)

    first = driver.system.http("GET /v1/bookings", by=ANNA, query={"limit": "3"}).json
    second = driver.system.http("GET /v1/bookings", by=ANNA, query={"next_token": first["next_token"]}).json
    back = driver.system.http(
        "GET /v1/bookings", by=ANNA, query={"previous_token": second["previous_token"], "limit": "3"}
    ).json

    assert [one["id"] for one in first["items"] + second["items"]] == created[::-1]
    assert (first["previous_token"], second["next_token"], back["items"]) == (None, None, first["items"])
    assert first["items"][0] == driver.system.http(f"GET /v1/bookings/{created[-1]}", by=ANNA).json


def test_list_without_bookings_is_empty(driver: BookingDriver) -> None:
    answer = driver.system.http("GET /v1/bookings", by=ANNA)

    assert (answer.status, answer.json) == (200, {"items": [], "next_token": None, "previous_token": None})


def test_another_users_page_token_is_rejected(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.hold(ANNA, event, 1)
    driver.advance(1)
    driver.hold(ANNA, event, 1)
    token = driver.system.http("GET /v1/bookings", by=ANNA, query={"limit": "1"}).json["next_token"]

    for query in ({"next_token": token}, {"previous_token": token}, {"next_token": token[:-2]}, {"next_token": "x"}):
        answer = driver.system.http("GET /v1/bookings", by=BEN, query=query)
        assert (answer.status, answer.problem) == (400, "invalid-page-token")


def test_pending_booking_can_be_cancelled(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 10)
    booking = driver.hold(ANNA, event, 1, 2)
    driver.advance(5)

    answer = driver.cancel(ANNA, booking)

    assert (answer.status, answer.json["status"]) == (200, "CANCELLED")
    assert [one["action"] for one in answer.json["logs"]] == ["order", "cancel"]
    assert (driver.available(event), driver.held_places(event, ANNA), driver.violations()) == ([10, 10], 0, [])
    assert driver.published_events(booking) == [("BookingCancelled", "buyer")]
    assert driver.booking(booking)["cancelled_at"] == "2026-05-01T12:00:05.000Z"


def test_cancelled_places_can_be_rebooked(driver: BookingDriver) -> None:
    event = driver.publish_event(2, max_per_user=2)
    driver.cancel(ANNA, driver.hold(ANNA, event, 2))

    assert driver.order(ANNA, event, 2).status == 201


def test_repeated_cancellation_releases_places_once(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)

    first, second = driver.cancel(ANNA, booking), driver.cancel(ANNA, booking)

    assert (first.json, driver.available(event), driver.held_places(event, ANNA)) == (second.json, [10], 0)


def test_concurrent_cancellations_release_places_once(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)

    with interleaved("TransactWriteItems", lambda: driver.cancel(ANNA, booking)) as acted:
        answer = driver.cancel(ANNA, booking)

    assert acted
    assert (answer.status, answer.json["status"]) == (200, "CANCELLED")
    assert (driver.available(event), driver.violations()) == ([10], [])


def test_booking_paid_during_cancellation_stays_confirmed(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2)

    with interleaved("TransactWriteItems", lambda: driver.payment_succeeded(booking)):
        answer = driver.cancel(ANNA, booking)

    assert (answer.status, answer.problem, answer.json["refund_percent"]) == (409, "not-refundable", 0)
    assert (answer.json["status"], driver.available(event), driver.violations()) == (409, [8], [])


def test_ended_booking_cannot_be_cancelled(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booked = {status: driver.hold(ANNA, event, 1) for status in ("EXPIRED", "FAILED")}
    driver.payment_failed(booked["EXPIRED"])
    driver.payment_failed(booked["FAILED"], "declined")

    for status, booking in booked.items():
        answer = driver.cancel(ANNA, booking)

        assert (answer.status, answer.problem, answer.json["booking_status"]) == (409, "not-cancellable", status)
    assert driver.violations() == []


def availability_of(driver: BookingDriver, event_id: str) -> list[tuple[int, int, str]]:
    answer = driver.system.http(f"GET /v1/events/{event_id}/availability")
    assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=1")
    return [(one["available"], one["capacity"], one["availability"]) for one in answer.json["types"]]


def test_availability_is_public_and_per_type(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 20, 0, max_per_user=100)
    driver.hold(ANNA, event, 9, 1)

    assert availability_of(driver, event.id) == [(1, 10, "few_left"), (19, 20, "available"), (0, 0, "sold_out")]


def test_availability_describes_its_types(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    body = driver.system.http(f"GET /v1/events/{event.id}/availability").json

    assert body["event_id"] == event.id
    fixed = {"event_type_id": event.types[0], "name": "Type 0", "prices": 2500, "currency": "EUR"}
    assert body["types"][0] == fixed | {
        "capacity": 10,
        "available": 10,
        "held": 0,
        "sold": 0,
        "availability": "available",
    }


@pytest.mark.parametrize(
    ("held", "availability"), [(0, "available"), (17, "available"), (18, "few_left"), (20, "all_held")]
)
def test_last_tenth_is_few_left(driver: BookingDriver, held: int, availability: str) -> None:
    event = driver.publish_event(20, max_per_user=100)
    if held:
        driver.hold(ANNA, event, held)

    assert availability_of(driver, event.id) == [(20 - held, 20, availability)]


def test_availability_shows_paused_and_ended_types(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 10, statuses={1: "PAUSED"})
    assert [status for _, _, status in availability_of(driver, event.id)] == ["available", "paused"]

    driver.change_terms(event, [10, 10], status="CANCELLED")
    assert [status for _, _, status in availability_of(driver, event.id)] == ["ended", "ended"]


def test_ended_event_shows_ended_with_places_left(driver: BookingDriver) -> None:
    event = driver.publish_event(10, 0)
    driver.advance((ENDS - START).total_seconds() - 1)
    assert [status for _, _, status in availability_of(driver, event.id)] == ["available", "sold_out"]

    driver.advance(1)

    assert [status for _, _, status in availability_of(driver, event.id)] == ["ended", "ended"]


def test_released_places_are_available_immediately(driver: BookingDriver) -> None:
    event = driver.publish_event(1)
    booking = driver.hold(ANNA, event, 1)
    assert availability_of(driver, event.id) == [(0, 1, "all_held")]

    driver.payment_failed(booking)

    assert [available for available, _, _ in availability_of(driver, event.id)] == [1]


def test_availability_of_unknown_event_is_404(driver: BookingDriver) -> None:
    answer = driver.system.http("GET /v1/events/x/availability")

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (404, "event-not-found", "1")
