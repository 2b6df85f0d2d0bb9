"""Event cancellation: each booking is cancelled once despite crashes, and the organiser sees the progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from booking.core import event_cancellation
from common import env, outbox
from common.bus.events import EventCancelled
from infra import topology
from tests.support.drivers.booking_driver import BookingDriver
from tests.support.faults.aws_errors import error_response, interleaved, scripted_responses
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.system import Person

PEOPLE = [Person() for _ in range(3)]
OLGA = Person("organiser", user_id="o1")
MESSAGE = "We are sorry: the singer is ill."


def deliver_cancellation(driver: BookingDriver, event: EventFixture, **terms: Any) -> bool:
    """Deliver EventCancelled once; whether it was acknowledged."""
    return driver.deliver_terms(
        event, [10], version=9, event_class=EventCancelled, status="CANCELLED", message=MESSAGE, **terms
    )


def run_to_completion(driver: BookingDriver, event: EventFixture, **terms: Any) -> int:
    """Deliver it as often as its queue would; returns the number of deliveries."""
    for deliveries in range(1, 60):
        driver.system.delayed_messages.clear()
        deliver_cancellation(driver, event, **terms)
        if not driver.system.delayed_messages:
            return deliveries
        driver.advance(driver.system.delayed_messages[-1][2])
    raise AssertionError("the cancellation does not end")


def event_with_bookings(driver: BookingDriver, count: int = 6) -> tuple[EventFixture, list[str]]:
    """An event with bookings that are confirmed, pending and expired."""
    event, bookings = driver.publish_event(100, max_per_user=100), list[str]()
    for at in range(count):
        bookings.append(driver.hold(PEOPLE[at % 3], event, 1))
        if at % 3 == 0:
            driver.payment_succeeded(bookings[-1], f"p{at}")
        if at % 6 == 5:
            driver.payment_failed(bookings[-1])
    return event, bookings


def progress(driver: BookingDriver, event: EventFixture) -> dict[str, Any]:
    answer = driver.system.http(f"GET /v1/events/{event.id}/cancellation", by=OLGA)
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.json
    return body


def states(driver: BookingDriver, bookings: list[str]) -> list[str]:
    return [driver.booking(one)["status"] for one in bookings]


def test_cancelled_event_cancels_bookings_with_reason(driver: BookingDriver) -> None:
    event, bookings = event_with_bookings(driver)

    run_to_completion(driver, event)

    assert states(driver, bookings) == ["CANCELLED"] * 5 + ["EXPIRED"]
    for one in bookings[:5]:
        (bus_event,) = outbox.outbox_events(driver.booking(one))
        payload = bus_event.model_dump(include={"reason", "refund", "message"})
        assert payload == {"reason": "event_cancelled", "refund": None, "message": MESSAGE}
        assert driver.booking(one)["logs"][-1]["actor"] == "organiser"
    assert (driver.available(event), driver.violations()) == ([100], [])


def test_cancelling_admin_is_logged_as_actor(driver: BookingDriver) -> None:
    event, bookings = event_with_bookings(driver, 1)

    run_to_completion(driver, event, by="admin")

    assert driver.booking(bookings[0])["logs"][-1]["actor"] == "admin"


def test_sale_closes_before_first_booking_is_cancelled(driver: BookingDriver) -> None:
    event, _ = event_with_bookings(driver, 1)
    problems: list[str | None] = []

    def order() -> None:
        problems.append(driver.order(PEOPLE[1], event, 1).problem)

    with interleaved("PutItem", order):
        deliver_cancellation(driver, event)

    assert problems == ["not-on-sale"]


def test_organiser_sees_cancellation_progress(driver: BookingDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_cancellation, "BATCH_SIZE", 2)
    event, _ = event_with_bookings(driver)

    deliver_cancellation(driver, event)
    first = progress(driver, event)
    run_to_completion(driver, event)
    last = progress(driver, event)

    assert (first["state"], first["finished_at"], first["cancelled"] <= 2) == ("RUNNING", None, True)
    assert (last["state"], last["found"], last["cancelled"]) == ("FINISHED", 6, 5)
    assert last["refunds"] == [{"currency": "EUR", "due": 5000, "refunded": 0}]
    assert last["started_at"] < last["finished_at"]
    assert first["started_at"] == "2026-05-01T12:00:00Z"


def test_cancellation_progress_shows_refunds(driver: BookingDriver) -> None:
    event, bookings = event_with_bookings(driver, 1)
    run_to_completion(driver, event)

    driver.payment_refunded(bookings[0], 2500)

    assert progress(driver, event)["refunds"] == [{"currency": "EUR", "due": 2500, "refunded": 2500}]
    sales = driver.system.http(f"GET /v1/events/{event.id}/sales", by=OLGA).json
    assert sales["totals"] == [{"currency": "EUR", "revenue": 0, "refunded": 2500}]


def test_cancellation_counts_only_refunds_it_owes(driver: BookingDriver) -> None:
    event = driver.publish_event(100, max_per_user=100)
    refunded, partly_refunded, late = (driver.hold(PEOPLE[at], event, 1) for at in range(3))
    driver.payment_succeeded(refunded, "p0")
    driver.payment_succeeded(partly_refunded, "p1")
    driver.payment_refunded(refunded, 2500)
    driver.payment_refunded(partly_refunded, 1000)
    run_to_completion(driver, event)
    driver.payment_succeeded(late, "p2")

    driver.payment_refunded(late, 2500)
    before = progress(driver, event)["refunds"]
    driver.payment_refunded(partly_refunded, 1500, 2500)

    assert before == [{"currency": "EUR", "due": 1500, "refunded": 0}]
    assert progress(driver, event)["refunds"] == [{"currency": "EUR", "due": 1500, "refunded": 1500}]


def test_duplicate_cancellation_event_changes_nothing(driver: BookingDriver) -> None:
    event, _ = event_with_bookings(driver)
    run_to_completion(driver, event)
    before = driver.items()

    driver.system.delayed_messages.clear()
    assert (deliver_cancellation(driver, event), driver.system.delayed_messages) == (True, [])
    assert driver.items() == before


@pytest.mark.moto
@pytest.mark.parametrize("survived", range(14))
def test_interrupted_cancellation_resumes_and_counts_once(driver: BookingDriver, survived: int) -> None:
    event, bookings = event_with_bookings(driver)

    with scripted_responses("dynamodb", "*", *[None] * survived, error_response("ThrottlingException")):
        deliver_cancellation(driver, event)
    run_to_completion(driver, event)

    body = progress(driver, event)
    assert (body["state"], body["found"], body["cancelled"]) == ("FINISHED", 6, 5)
    assert body["refunds"][0]["due"] == 5000
    assert (states(driver, bookings).count("CANCELLED"), driver.violations()) == (5, [])


def test_concurrent_instances_cancel_each_booking_once(driver: BookingDriver) -> None:
    event, bookings = event_with_bookings(driver)
    deliver_cancellation(driver, event)

    for operation in ("TransactWriteItems", "UpdateItem"):
        with interleaved(operation, lambda: deliver_cancellation(driver, event)):
            deliver_cancellation(driver, event)
    run_to_completion(driver, event)

    assert (progress(driver, event)["cancelled"], driver.violations()) == (5, [])
    assert all(driver.actions(one).count("event_cancelled") == 1 for one in bookings[:5])


@pytest.mark.moto
def test_booking_paid_during_cancellation_is_owed_refund(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(PEOPLE[0], event, 1)
    driver.change_terms(event, version=9, status="CANCELLED")

    def pay() -> None:
        if driver.booking(booking)["status"] == "PENDING":
            driver.payment_succeeded(booking)

    with before_release(booking, pay) as acted:
        run_to_completion(driver, event)

    assert acted
    assert driver.actions(booking) == ["order", "confirm", "event_cancelled"]
    assert progress(driver, event)["refunds"][0]["due"] == 2500


def test_later_pass_finds_bookings_missing_from_index(driver: BookingDriver) -> None:
    event, bookings = event_with_bookings(driver, 3)
    hidden = driver.booking(bookings[1])
    _set_event_shard(driver, hidden["id"], "elsewhere")
    for _ in range(4):
        deliver_cancellation(driver, event)
    assert driver.booking(bookings[1])["status"] == "PENDING"
    _set_event_shard(driver, hidden["id"], hidden["shard"])

    run_to_completion(driver, event)

    assert (states(driver, bookings), progress(driver, event)["found"]) == (["CANCELLED"] * 3, 3)


def test_cancellation_of_open_event_is_not_found(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    call = f"GET /v1/events/{event.id}/cancellation"

    answer = driver.system.http(call, by=OLGA)

    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (404, "cancellation-not-found", "1")
    assert driver.system.http(call, by=Person("organiser")).problem == "event-not-found"
    assert driver.system.http(call, by=PEOPLE[0]).status == 403


@contextmanager
def before_release(booking: str, act: Callable[[], object]) -> Iterator[list[str]]:
    """Within the block `act` runs once, just before the first transaction that writes the booking."""
    events, acted = env.client("dynamodb").meta.events, list[str]()

    def first(params: Any, **_: Any) -> None:
        if booking in str(params["body"]) and not acted:
            acted.append(booking)
            act()

    events.register_first("before-call.dynamodb.TransactWriteItems", first)
    try:
        yield acted
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", first)


def _set_event_shard(driver: BookingDriver, booking_id: str, event_shard: str) -> None:
    driver.system.update_item(topology.BOOKINGS, booking_id, "booking", shard=event_shard)
