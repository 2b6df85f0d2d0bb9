"""What happens to a booking twice is told twice, and every telling is accounted for."""

import pytest

from reconcile.core.telling import everything_is_told_once
from tests.saga import journeys
from tests.saga.journeys import Steps
from tests.saga.stage import Run, Stage
from tests.support.builders import House
from tests.support.gateway import Person
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


def passed_on_and_back(saga: Saga, house: House) -> Steps:
    """Both tickets go to somebody else, and one comes back; then the organiser sends all money back."""
    booking = journeys.order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    saga.press(journeys.start(saga, booking, house.buyer), "paid")
    yield saga.settle
    kept, back = (one["id"] for one in saga.tables()["tickets"] if one.get("booking_id") == booking["id"])
    _handed(saga, kept, house.buyer, house.other)
    theirs = _handed(saga, back, house.buyer, house.other)
    _handed(saga, theirs, house.other, house.buyer)
    yield saga.settle
    payment = saga.http("GET /v1/payments", by=house.buyer).json["items"][0]["id"]
    saga.http(f"POST /v1/payments/{payment}/refund", {"reason": "Sorry"}, by=house.organiser, expect=201)
    yield saga.settle


def _handed(saga: Saga, ticket: str, giver: Person, taker: Person) -> str:
    to = {"to_user_id": taker.user_id}
    offer = saga.http(f"POST /v1/tickets/{ticket}/transfer", to, by=giver, expect=201).json
    return str(saga.http(f"POST /v1/transfers/{offer['id']}/accept", by=taker, expect=200).json["id"])


def test_whose_ticket_came_back_hears_of_its_end_with_the_booking(stage: Stage) -> None:
    run = stage.walk(journeys.Journey("passed_on_and_back", (passed_on_and_back,)))

    ended = [one for one in run.tables["notifications"] if one.get("kind") in ("ticket_voided", "booking_cancelled")]
    assert sorted((one["kind"], one["user_id"]) for one in ended) == [
        ("booking_cancelled", stage.house.buyer.user_id),
        ("ticket_voided", stage.house.other.user_id),
    ]
    assert run.violations == ()


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
