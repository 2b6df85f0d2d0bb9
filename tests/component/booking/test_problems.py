"""Details of booking's problem documents: pointers, members and texts."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.drivers.booking_driver import ENDS, HOLD_SECONDS, START, BookingDriver
from tests.support.fixtures.event_fixture import EventFixture
from tests.support.system.system import HttpResponse, Person

ANNA = Person()
OLGA = Person("organiser", user_id="o1")
MOMENT = timedelta(seconds=1)


def order_without_type(driver: BookingDriver, event: EventFixture) -> HttpResponse:
    """An order of one place that names no type."""
    return driver.system.http("POST /v1/bookings", {"event_id": event.id, "number_slot": 1}, by=ANNA)


def pointer_and_detail(answer: HttpResponse) -> tuple[str, str]:
    """Pointer and detail of the only error."""
    (error,) = answer.json["errors"]
    return error["pointer"], error["detail"]


def test_unknown_event_error_has_pointer(driver: BookingDriver) -> None:
    answer = order_without_type(driver, EventFixture("00000000-0000-4000-8000-000000000000", ()))

    assert (answer.problem, pointer_and_detail(answer)[0]) == ("event-not-found", "/event_id")


def test_unknown_type_error_names_type(driver: BookingDriver) -> None:
    event, other = driver.publish_event(10), driver.publish_event(10).types[0]

    answer = driver.order(ANNA, EventFixture(event.id, (other,)), 1)

    detail = f"The event has no type {other}."
    assert (answer.problem, answer.json["event_type_id"], answer.json["detail"]) == (
        "invalid-event-type",
        other,
        detail,
    )
    assert pointer_and_detail(answer) == ("/items", detail)


def test_duplicate_type_error_has_pointer(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    answer = driver.order(ANNA, EventFixture(event.id, event.types * 2), 1, 1)

    assert answer.status == 422
    pointer, detail = pointer_and_detail(answer)
    assert (pointer, "names a type twice" in detail) == ("/items", True)


def test_limit_error_includes_held_places(driver: BookingDriver) -> None:
    event = driver.publish_event(10, max_per_user=3)
    first = driver.order(ANNA, event, 4)
    driver.hold(ANNA, event, 2)
    second = driver.order(ANNA, event, 2)

    for answer, held in ((first, 0), (second, 2)):
        assert (answer.problem, answer.json["max_per_user"], answer.json["held"]) == ("limit-reached", 3, held)
        assert answer.json["detail"] == f"At most 3 places per person; {held} are yours already."


def test_all_held_error_lists_types(driver: BookingDriver) -> None:
    event = driver.publish_event(3)
    driver.hold(Person(), event, 2)

    answer = driver.order(ANNA, event, 2)

    assert answer.problem == "all-held"
    assert answer.json["unavailable"] == [{"event_type_id": event.types[0], "available": 1}]


def test_not_on_sale_yet_error_includes_sale_start(driver: BookingDriver) -> None:
    begin = START + MOMENT

    answer = order_without_type(driver, driver.publish_event(10, windows={"sale_from": begin}))

    assert (answer.problem, answer.json["sale_from"]) == ("not-on-sale-yet", begin.isoformat())
    assert answer.json["detail"] == f"On sale from {begin.isoformat()} on."


@pytest.mark.parametrize(
    ("terms", "ended_at"),
    [
        ({"windows": {"sale_until": START}}, START),
        ({"status": "ENDED"}, ENDS),
        ({"ends_at": START}, START),
        ({"statuses": {0: "CLOSED"}}, None),
    ],
    ids=["sale window", "event ended early", "event over", "type closed"],
)
def test_sale_ended_error_includes_known_end(driver: BookingDriver, terms: dict[str, Any], ended_at: Any) -> None:
    event = driver.publish_event(10)
    driver.change_terms(event, **terms)

    answer = driver.order(ANNA, event, 1)

    assert (answer.problem, answer.json.get("ended_at")) == ("sale-ended", ended_at.isoformat() if ended_at else None)


@pytest.mark.parametrize("early", [0, 1])
def test_upcoming_sale_takes_precedence_without_type(driver: BookingDriver, early: int) -> None:
    event = driver.publish_event(10, 10)
    begin = {"sale_from": START + MOMENT}
    driver.change_terms(event, [10, 10], windows=begin, statuses={1 - early: "CLOSED"})

    assert order_without_type(driver, event).problem == "not-on-sale-yet"


def test_capacity_error_states_reserved_places(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    driver.hold(ANNA, event, 3)

    answer = driver.set_capacity(OLGA, event, 2)

    assert pointer_and_detail(answer) == ("/capacity", "3 places are held or sold.")


@pytest.mark.parametrize("seconds", [HOLD_SECONDS, HOLD_SECONDS - 1])
def test_hold_at_maximum_error_includes_deadline(driver: BookingDriver, seconds: int) -> None:
    event = driver.publish_event(10, windows={"sale_until": START + timedelta(seconds=seconds)})
    booking = driver.hold(ANNA, event, 1)

    answer = driver.extend(ANNA, booking)

    assert (answer.problem, answer.json["pay_before"]) == ("hold-at-maximum", "2026-05-01T12:10:00.000Z")
    assert driver.actions(booking) == ["order"]
