"""What happens to a booking twice is told twice, and every telling is accounted for."""

import pytest

from tests.saga import journeys
from tests.saga.journeys import Steps
from tests.saga.stage import Run, Stage
from tests.support.builders import House
from tests.support.invariants import everything_is_told_once
from tests.support.saga import Saga


def declined_then_late_without_room(saga: Saga, house: House) -> Steps:
    """The card is declined and the booking fails; the money comes all the same, after the places were sold."""
    booking = journeys.order(saga, house.solo, house.buyer)
    yield saga.settle
    page = journeys.start(saga, booking, house.buyer)
    saga.press(page, "declined")
    yield saga.rest
    left = saga.http(f"GET /v1/events/{house.solo.id}/availability").json["types"][0]["available"]
    taken = journeys.order(saga, house.solo, house.other, places=left)
    yield saga.settle
    saga.press(journeys.start(saga, taken, house.other), "paid")
    yield saga.settle
    journeys.late(saga, page)


@pytest.fixture
def run(stage: Stage) -> Run:
    return stage.walk(journeys.Journey("declined_then_late_without_room", (declined_then_late_without_room,)))


def test_a_booking_that_fails_twice_is_told_of_twice_with_each_reason(run: Run) -> None:
    (booking,) = (one for one in run.tables["bookings"] if one["sk"] == "booking" and one["status"] == "FAILED")
    told = [one["kind"] for one in run.tables["notifications"] if one.get("booking_id") == booking["id"]]

    assert [one["did"] for one in booking["logs"]] == ["order", "fail", "refuse"]
    assert sorted(told) == ["booking_failed", "booking_failed", "payment_refunded"]
    assert run.violations == ()


def test_a_telling_that_is_missing_is_seen(run: Run) -> None:
    notices = run.tables["notifications"]
    first = next(one for one in notices if one.get("kind") == "booking_failed")
    without = run.tables | {"notifications": [one for one in notices if one is not first]}

    assert list(everything_is_told_once(run.tables)) == []
    assert list(everything_is_told_once(without)) == [
        f"I13 booking {first['booking_id']}: told 1 times of booking_failed, which is due 2 times"
    ]
