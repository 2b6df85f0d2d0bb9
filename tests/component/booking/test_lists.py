"""Booking lists by status and event: correct in both directions, with bounded reads per page."""

import pytest

from common.pagination import filtered
from tests.support.drivers.booking_driver import BookingDriver
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.system import Person

ANNA, BEN = Person(), Person()
OLGA = Person("organiser", user_id="o1")


def create_bookings(driver: BookingDriver, event: EventFixture, count: int, *, seconds_apart: float = 1) -> list[str]:
    """Bookings of two users, newest first; every third is cancelled."""
    bookings = []
    for at in range(count):
        driver.advance(seconds_apart)
        person = (ANNA, BEN)[at % 2]
        bookings.append(driver.hold(person, event, 1))
        if at % 3 == 0:
            driver.cancel(person, bookings[-1])
    return bookings[::-1]


def walk_pages(driver: BookingDriver, call: str, by: Person, **query: str) -> tuple[list[list[str]], list[list[str]]]:
    """All pages forward to the end, and back to the beginning."""
    forward, backward, answer = [], [], driver.system.http(call, by=by, query=query)
    while True:
        assert answer.status == 200, answer.text
        forward.append([one["id"] for one in answer.json["items"]])
        if not answer.json["next_token"]:
            break
        answer = driver.system.http(call, by=by, query=query | {"next_token": answer.json["next_token"]})
    while answer.json["previous_token"]:
        answer = driver.system.http(call, by=by, query=query | {"previous_token": answer.json["previous_token"]})
        backward.append([one["id"] for one in answer.json["items"]])
    return forward, backward


@pytest.mark.parametrize("apart", [1, 0], ids=["one after the other", "all at once"])
@pytest.mark.parametrize("limit", ["1", "3", "100"])
def test_event_list_contains_each_booking_once(driver: BookingDriver, limit: str, apart: float) -> None:
    event = driver.publish_event(100, max_per_user=100)
    ids = create_bookings(driver, event, 11, seconds_apart=apart)
    driver.hold(ANNA, driver.publish_event(10), 1)

    onward, back = walk_pages(driver, f"GET /v1/events/{event.id}/bookings", OLGA, limit=limit)

    flat = [one for page in onward for one in page]
    assert sorted(flat) == sorted(ids)
    assert flat == ids if apart else True
    assert [one for page in back[::-1] for one in page] == flat[: len(flat) - len(onward[-1])]
    assert all(len(page) == int(limit) for page in onward[:-1])


@pytest.mark.parametrize("status", ["PENDING", "CANCELLED", "CONFIRMED"])
@pytest.mark.parametrize("call", ["GET /v1/bookings", "event"])
def test_status_filter_returns_only_that_status(driver: BookingDriver, call: str, status: str) -> None:
    event = driver.publish_event(100, max_per_user=100)
    ids = create_bookings(driver, event, 12)
    call, by = (f"GET /v1/events/{event.id}/bookings", OLGA) if call == "event" else (call, ANNA)
    expected = [one for one in ids if driver.booking(one)["status"] == status]
    expected = expected if by is OLGA else [one for one in expected if driver.booking(one)["user_id"] == ANNA.user_id]

    onward, back = walk_pages(driver, call, by, status=status, limit="2")

    flat = [one for page in onward for one in page]
    assert flat == expected
    assert [one for page in back[::-1] for one in page] == flat[: len(flat) - len(onward[-1])]


def test_filtered_page_stops_at_scan_limit(driver: BookingDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtered, "_FILTER_BATCH_SIZE", 2)
    monkeypatch.setattr(filtered, "_MAX_READS", 2)
    event = driver.publish_event(100, max_per_user=100)
    ids = create_bookings(driver, event, 20)
    for one in ids[3:17]:
        if driver.booking(one)["status"] == "PENDING":
            driver.payment_failed(one)

    onward, back = walk_pages(driver, f"GET /v1/events/{event.id}/bookings", OLGA, status="PENDING", limit="2")

    expected = [one for one in ids if driver.booking(one)["status"] == "PENDING"]
    assert [one for page in onward for one in page] == expected
    assert [] in onward
    assert [one for page in back[::-1] for one in page] == expected[: len(expected) - len(onward[-1])]


def test_page_token_is_bound_to_status_filter(driver: BookingDriver) -> None:
    event = driver.publish_event(100, max_per_user=100)
    create_bookings(driver, event, 6)
    call = f"GET /v1/events/{event.id}/bookings"
    token = driver.system.http(call, by=OLGA, query={"limit": "1", "status": "PENDING"}).json["next_token"]

    for query in ({}, {"status": "CANCELLED"}):
        answer = driver.system.http(call, by=OLGA, query=query | {"next_token": token})
        assert (answer.status, answer.problem) == (400, "invalid-page-token")


def test_unknown_status_filter_is_422(driver: BookingDriver) -> None:
    answer = driver.system.http("GET /v1/bookings", by=ANNA, query={"status": "SOLD"})

    assert (answer.status, answer.problem) == (422, "unprocessable")


def test_organiser_does_not_see_idempotency_keys(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.hold(ANNA, event, 1, key="secret")

    (body,) = driver.system.http(f"GET /v1/events/{event.id}/bookings", by=OLGA).json["items"]

    assert (body["user_id"], body["logs"][0]["actor"]) == (ANNA.user_id, "buyer")
    assert "idempotency_key" not in body


@pytest.mark.parametrize("view", ["bookings", "sales"])
def test_event_reports_require_organiser_or_admin(driver: BookingDriver, view: str) -> None:
    event = driver.publish_event(10)

    for who, status in ((Person("organiser"), 404), (Person("admin"), 200), (Person(), 403), (OLGA, 200)):
        assert driver.system.http(f"GET /v1/events/{event.id}/{view}", by=who).status == status
