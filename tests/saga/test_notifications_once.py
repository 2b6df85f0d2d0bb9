"""Each occurrence of an event in the life of a booking causes exactly one notification."""

import pytest

from reconcile.core.notification_checks import notifications_are_sent_once
from tests.saga import journeys
from tests.saga.harness import Harness, RunResult
from tests.saga.journeys import Steps
from tests.support.drivers.saga_driver import Saga
from tests.support.fixtures.scenarios import Scenario
from tests.support.system.lambda_events import Person


def declined_then_late_without_room(saga: Saga, scenario: Scenario) -> Steps:
    """The card is declined and the booking fails; the payment succeeds later, after the places were sold."""
    booking = journeys.place_order(saga, scenario.solo, scenario.buyer)
    yield saga.drain
    page = journeys.open_checkout(saga, booking, scenario.buyer)
    saga.choose_outcome(page, "declined")
    yield saga.drain_until_idle
    available = saga.http(f"GET /v1/events/{scenario.solo.id}/availability").json["types"][0]["available"]
    other_booking = journeys.place_order(saga, scenario.solo, scenario.other, places=available)
    yield saga.drain
    saga.choose_outcome(journeys.open_checkout(saga, other_booking, scenario.other), "paid")
    yield saga.drain
    journeys.pay_late(saga, page)


def transferred_and_returned(saga: Saga, scenario: Scenario) -> Steps:
    """Both tickets are transferred, one is transferred back; then the organiser refunds the booking in full."""
    booking = journeys.place_order(saga, scenario.gala, scenario.buyer, places=2)
    yield saga.drain
    saga.choose_outcome(journeys.open_checkout(saga, booking, scenario.buyer), "paid")
    yield saga.drain
    first, second = (one["id"] for one in saga.tables()["tickets"] if one.get("booking_id") == booking["id"])
    _transfer(saga, first, scenario.buyer, scenario.other)
    transferred = _transfer(saga, second, scenario.buyer, scenario.other)
    _transfer(saga, transferred, scenario.other, scenario.buyer)
    yield saga.drain
    payment = saga.http("GET /v1/payments", by=scenario.buyer).json["items"][0]["id"]
    saga.http(f"POST /v1/payments/{payment}/refund", {"reason": "Sorry"}, by=scenario.organiser, expect=201)
    yield saga.drain


def _transfer(saga: Saga, ticket_id: str, sender: Person, recipient: Person) -> str:
    """Transfer the ticket; returns the id of the recipient's ticket."""
    transfer_request = {"to_user_id": recipient.user_id}
    transfer = saga.http(f"POST /v1/tickets/{ticket_id}/transfer", transfer_request, by=sender, expect=201).json
    return str(saga.http(f"POST /v1/transfers/{transfer['id']}/accept", by=recipient, expect=200).json["id"])


def test_returned_ticket_ends_with_booking_notification(harness: Harness) -> None:
    result = harness.run_journey(journeys.Journey("transferred_and_returned", (transferred_and_returned,)))

    ended = [one for one in result.tables["notifications"] if one.get("kind") in ("ticket_voided", "booking_cancelled")]
    assert sorted((one["kind"], one["user_id"]) for one in ended) == [
        ("booking_cancelled", harness.scenario.buyer.user_id),
        ("ticket_voided", harness.scenario.other.user_id),
    ]
    assert result.violations == ()


@pytest.fixture
def result(harness: Harness) -> RunResult:
    return harness.run_journey(journeys.Journey("declined_then_late_without_room", (declined_then_late_without_room,)))


def test_booking_failing_twice_notifies_twice(result: RunResult) -> None:
    (booking,) = (one for one in result.tables["bookings"] if one["sk"] == "booking" and one["status"] == "FAILED")
    kinds = [one["kind"] for one in result.tables["notifications"] if one.get("booking_id") == booking["id"]]

    assert [one["action"] for one in booking["logs"]] == ["order", "fail", "reject_late_payment"]
    assert sorted(kinds) == ["booking_failed", "booking_failed", "payment_refunded"]
    assert result.violations == ()


def test_missing_notification_is_detected(result: RunResult) -> None:
    notifications = result.tables["notifications"]
    first = next(one for one in notifications if one.get("kind") == "booking_failed")
    without = result.tables | {"notifications": [one for one in notifications if one is not first]}

    assert list(notifications_are_sent_once(result.tables)) == []
    assert list(notifications_are_sent_once(without)) == [
        f"I13 booking {first['booking_id']}: 1 notifications booking_failed, expected 2"
    ]
