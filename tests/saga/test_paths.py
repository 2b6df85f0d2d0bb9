"""Every path of a booking, from the first request to the last e-mail, and its final tables."""

from collections import Counter
from typing import Any

import pytest

from reconcile.core.invariants import violations
from tests.saga import journeys
from tests.saga.harness import Harness, RunResult
from tests.saga.journeys import SINGLE_JOURNEYS, Journey
from tests.support.drivers.saga_driver import MAX_RECEIVES
from tests.support.faults.fault_points import FaultPlan


def run_script(harness: Harness, script: journeys.JourneyScript) -> RunResult:
    """Run the journey without faults."""
    result = harness.baseline(Journey(script.__name__, (script,)))
    assert not result.dead_letters
    assert not result.violations
    return result


def states(result: RunResult, table: str, kind: str) -> list[str]:
    """The states of these items, sorted."""
    return sorted(one["status"] for one in result.tables[table] if one["sk"] == kind)


def single_item(result: RunResult, table: str, kind: str) -> dict[str, Any]:
    """The only item of its kind."""
    (found,) = (one for one in result.tables[table] if one["sk"] == kind)
    return found


def notification_counts(result: RunResult) -> Counter[str]:
    """The number of sent e-mails by kind of notification."""
    notifications = [one for one in result.tables["notifications"] if one["sk"] == "notification"]
    assert all(one["status"] == "SENT" for one in notifications)
    return Counter(one["kind"] for one in notifications)


def actions(result: RunResult) -> list[str]:
    """The actions in the log of the only booking."""
    return [one["action"] for one in single_item(result, "bookings", "booking")["logs"]]


def available_places(result: RunResult, harness: Harness) -> tuple[int, int, int]:
    """Available places of the gala's two types and of the solo's type."""
    by_type = {one["pk"]: one["available"] for one in result.tables["bookings"] if one["sk"] == "stock#0"}
    seats, companions = harness.scenario.gala.types
    return by_type[seats], by_type[companions], by_type[harness.scenario.solo.types[0]]


def refunded_amount(result: RunResult) -> int:
    """The amount that the provider refunded, in minor units."""
    return sum(int(one["amount"]) for one in result.tables["sandbox"] if one["sk"] == "refund")


def test_paid_booking_gets_signed_tickets_and_mail(harness: Harness) -> None:
    result = run_script(harness, journeys.paid_before_deadline)

    booking, payment = single_item(result, "bookings", "booking"), single_item(result, "payments", "payment")
    tickets = [one for one in result.tables["tickets"] if one["sk"] == "ticket"]
    assert actions(result) == ["order", "confirm"]
    assert (payment["status"], payment["prices"], payment["method"]) == ("SUCCEEDED", booking["prices"], "card")
    assert [one["status"] for one in tickets] == ["CREATED", "CREATED"]
    assert all(one["code"] and one["qr_payload"] and one["issued_at"] for one in tickets)
    assert notification_counts(result) == {"tickets_created": 1}
    assert available_places(result, harness) == (8, 2, 2)


def test_free_booking_confirms_without_checkout(harness: Harness) -> None:
    result = run_script(harness, journeys.free_booking)

    assert actions(result) == ["order", "confirm"]
    assert single_item(result, "payments", "payment")["method"] == "free"
    assert not result.tables["sandbox"]
    assert states(result, "tickets", "ticket") == ["CREATED"]
    assert available_places(result, harness) == (10, 1, 2)


def test_number_slot_books_single_type_event(harness: Harness) -> None:
    result = run_script(harness, journeys.booked_by_number)

    assert states(result, "bookings", "booking") == ["CONFIRMED"]
    assert single_item(result, "bookings", "booking")["items"][0]["event_type_id"] == harness.scenario.solo.types[0]
    assert available_places(result, harness) == (10, 2, 1)


def test_declined_payment_releases_places_at_hold_end(harness: Harness) -> None:
    result = run_script(harness, journeys.payment_declined)

    assert actions(result) == ["order", "fail"]
    assert (
        single_item(result, "payments", "payment")["status"],
        single_item(result, "payments", "payment")["reason"],
    ) == (
        "FAILED",
        "declined",
    )
    assert single_item(result, "sandbox", "session")["status"] == "expired"
    assert notification_counts(result) == {"booking_failed": 1}
    assert available_places(result, harness) == (10, 2, 2)


@pytest.mark.parametrize("script", [journeys.hold_expired, journeys.checkout_abandoned])
def test_expired_hold_releases_places(harness: Harness, script: journeys.JourneyScript) -> None:
    result = run_script(harness, script)

    assert actions(result) == ["order", "expire"]
    assert single_item(result, "payments", "payment")["reason"] == "expired"
    assert notification_counts(result) == {"booking_expired": 1}
    assert available_places(result, harness) == (10, 2, 2)


@pytest.mark.parametrize("script", [journeys.booking_cancelled, journeys.cancelled_at_checkout])
def test_cancelled_booking_releases_places_and_closes_payment(harness: Harness, script: journeys.JourneyScript) -> None:
    result = run_script(harness, script)

    assert actions(result) == ["order", "cancel"]
    assert states(result, "payments", "payment") == ["CANCELLED"]
    assert all(one["status"] == "expired" for one in result.tables["sandbox"])
    assert notification_counts(result) == {"booking_cancelled": 1}
    assert available_places(result, harness) == (10, 2, 2)


def test_payment_during_cancellation_is_refunded(harness: Harness) -> None:
    result = run_script(harness, journeys.cancelled_while_paying)

    assert actions(result) == ["order", "cancel", "reject_late_payment"]
    assert states(result, "payments", "payment") == ["REFUNDED"]
    assert refunded_amount(result) == single_item(result, "bookings", "booking")["prices"]
    assert notification_counts(result) == {"booking_cancelled": 1, "booking_failed": 1, "payment_refunded": 1}
    assert available_places(result, harness) == (10, 2, 2)


def test_payment_with_lost_webhook_is_found_at_deadline(harness: Harness) -> None:
    result = run_script(harness, journeys.webhook_lost)

    assert actions(result) == ["order", "confirm"]
    assert states(result, "payments", "payment") == ["SUCCEEDED"]
    assert notification_counts(result) == {"tickets_created": 1}
    assert available_places(result, harness) == (9, 2, 2)


def test_late_payment_is_confirmed_when_places_remain(harness: Harness) -> None:
    result = run_script(harness, journeys.late_payment_confirmed)

    assert actions(result) == ["order", "expire", "confirm_late"]
    assert states(result, "payments", "payment") == ["SUCCEEDED"]
    assert states(result, "tickets", "ticket") == ["CREATED"]
    assert notification_counts(result) == {"booking_expired": 1, "tickets_created": 1}
    assert available_places(result, harness) == (10, 2, 1)


def test_late_payment_is_refunded_when_sold_out(harness: Harness) -> None:
    result = run_script(harness, journeys.late_payment_refunded)

    assert states(result, "bookings", "booking") == ["CONFIRMED", "FAILED"]
    assert states(result, "payments", "payment") == ["REFUNDED", "SUCCEEDED"]
    (failed,) = (one for one in result.tables["bookings"] if one.get("status") == "FAILED")
    assert refunded_amount(result) == failed["prices"] > 0
    assert [one["action"] for one in failed["logs"]] == ["order", "expire", "reject_late_payment"]
    assert available_places(result, harness) == (10, 2, 0)


def test_late_payment_for_cancelled_booking_is_refunded(harness: Harness) -> None:
    result = run_script(harness, journeys.late_payment_after_cancellation)

    assert actions(result) == ["order", "cancel", "reject_late_payment"]
    assert states(result, "payments", "payment") == ["REFUNDED"]
    assert refunded_amount(result) == single_item(result, "bookings", "booking")["prices"] > 0
    assert available_places(result, harness) == (10, 2, 2)


@pytest.mark.parametrize(("script", "refund"), [(journeys.tickets_rejected, 5000), (journeys.free_tickets_rejected, 0)])
def test_booking_without_issuable_tickets_is_refunded(
    harness: Harness, script: journeys.JourneyScript, refund: int
) -> None:
    result = run_script(harness, script)

    assert [one.outcome for one in result.deliveries if one.key.consumer == "ticket.on_booking_confirmed"] == [
        *["failed"] * (MAX_RECEIVES - 1),
        "done",
    ]
    assert actions(result) == ["order", "confirm", "revoke"]
    assert states(result, "payments", "payment") == ["REFUNDED"]
    assert set(states(result, "tickets", "ticket")) == {"REJECTED"}
    assert refunded_amount(result) == refund
    assert available_places(result, harness) == (10, 2, 2)


def test_cancelled_event_ends_and_refunds_all_bookings(harness: Harness) -> None:
    result = run_script(harness, journeys.event_cancelled)

    actions_by_booking = sorted(
        [entry["action"] for entry in one["logs"]] for one in result.tables["bookings"] if one["sk"] == "booking"
    )
    assert actions_by_booking == [
        ["order", "cancel"],
        ["order", "confirm", "event_cancelled"],
        ["order", "confirm", "event_cancelled"],
        ["order", "event_cancelled", "reject_late_payment"],
    ]
    progress = single_item(result, "bookings", "cancellation")
    assert (progress["state"], progress["found"], progress["cancelled"], progress["owed_EUR"]) == (
        "FINISHED",
        4,
        3,
        2500,
    )
    assert refunded_amount(result) == 5000
    assert set(states(result, "tickets", "ticket")) == {"VOID"}


@pytest.mark.parametrize(
    ("script", "last_action", "refund"),
    [
        (journeys.booking_refunded, "cancel_by_policy", 5000),
        (journeys.free_booking_cancelled, "cancel_by_policy", 0),
        (journeys.payment_refunded_in_full, "refund", 5000),
    ],
)
def test_ended_booking_voids_tickets_and_refunds_once(
    harness: Harness, script: journeys.JourneyScript, last_action: str, refund: int
) -> None:
    result = run_script(harness, script)

    assert actions(result) == ["order", "confirm", last_action]
    assert refunded_amount(result) == refund
    assert set(states(result, "tickets", "ticket")) == {"VOID"}
    assert available_places(result, harness) == (10, 2, 2)


def test_purchase_limit_counts_all_bookings(harness: Harness) -> None:
    harness.run_journey(SINGLE_JOURNEYS[0])  # the buyer books two seats; the limit is four
    scenario, saga = harness.scenario, harness.saga
    booking_request = {"event_id": scenario.gala.id, "items": [{"event_type_id": scenario.gala.types[0], "qty": 3}]}

    rejected = saga.http("POST /v1/bookings", booking_request, by=scenario.buyer)
    other_response = saga.http("POST /v1/bookings", booking_request, by=scenario.other)

    assert (rejected.status, rejected.problem) == (409, "limit-reached")
    assert other_response.status == 201
    assert available_places(harness.result(), harness) == (5, 2, 2)


def test_order_above_availability_holds_nothing(harness: Harness) -> None:
    harness.run_journey(Journey("no_steps", ()))
    scenario, saga = harness.scenario, harness.saga

    rejected = saga.http("POST /v1/bookings", {"event_id": scenario.solo.id, "number_slot": 3}, by=scenario.buyer)
    accepted = saga.http("POST /v1/bookings", {"event_id": scenario.solo.id, "number_slot": 2}, by=scenario.buyer)

    assert (rejected.status, rejected.problem) == (409, "sold-out")
    assert accepted.status == 201
    assert available_places(harness.result(), harness) == (10, 2, 0)


def test_each_ticket_checks_in_once(harness: Harness) -> None:
    result = run_script(harness, journeys.ticket_checked_in)

    assert states(result, "tickets", "ticket") == ["CHECKED_IN", "CREATED"]
    assert len([one for one in result.tables["tickets"] if one["sk"] == "scan"]) == 1
    assert notification_counts(result) == {"tickets_created": 1}


def test_checked_in_ticket_blocks_cancellation(harness: Harness) -> None:
    result = harness.run_journey(Journey("check_in_undone", (journeys.check_in_and_transfer_undone,)))
    call = f"POST /v1/bookings/{single_item(result, 'bookings', 'booking')['id']}/cancel"

    rejected = harness.saga.http(call, by=harness.scenario.buyer)

    assert (rejected.status, rejected.problem, len(rejected.json["ticket_ids"])) == (409, "ticket-used", 1)
    assert (actions(result), refunded_amount(result)) == (["order", "confirm"], 0)
    assert not harness.result().violations


def test_transferred_ticket_blocks_cancellation(harness: Harness) -> None:
    result = harness.run_journey(Journey("transferred", (journeys.only_ticket_transferred,)))
    call = f"POST /v1/bookings/{single_item(result, 'bookings', 'booking')['id']}/cancel"

    rejected = harness.saga.http(call, by=harness.scenario.buyer)

    assert (rejected.status, rejected.problem) == (409, "ticket-transferred")
    assert not harness.result().violations


def test_transfer_and_reissue_notify_all_parties(harness: Harness) -> None:
    result = run_script(harness, journeys.ticket_transferred)

    assert states(result, "tickets", "ticket") == ["CREATED", "CREATED", "VOID"]
    assert notification_counts(result) == {
        "tickets_created": 1,
        "ticket_offered": 1,
        "ticket_received": 1,
        "ticket_given": 1,
        "ticket_reissued": 1,
    }


def test_voided_ticket_notifies_its_owner(harness: Harness) -> None:
    result = run_script(harness, journeys.ticket_voided)

    assert states(result, "tickets", "ticket") == ["CREATED", "VOID"]
    assert notification_counts(result) == {"tickets_created": 1, "ticket_voided": 1}


def test_consecutive_event_changes_notify_once(harness: Harness) -> None:
    result = run_script(harness, journeys.venue_changed)

    (notification,) = (
        one for one in result.tables["notifications"] if one["sk"] == "notification" and one["kind"] == "event_changed"
    )
    assert notification_counts(result) == {"tickets_created": 1, "event_changed": 1}
    assert (notification["user_id"], notification["facts"]["now"]["venue"]) == (harness.scenario.buyer.user_id, "Barn")
    assert notification["facts"]["now"]["starts_at"] == "2031-09-01T20:00:00.000Z"


def test_holder_is_reminded_the_day_before(harness: Harness) -> None:
    result = run_script(harness, journeys.reminder_sent)

    assert notification_counts(result) == {"tickets_created": 1, "event_reminder": 1}


def test_repeated_order_with_key_holds_once(harness: Harness) -> None:
    harness.run_journey(Journey("no_steps", ()))
    scenario, saga = harness.scenario, harness.saga
    booking_request = {"event_id": scenario.solo.id, "number_slot": 1}

    first, repeated = (
        saga.http("POST /v1/bookings", booking_request, by=scenario.buyer, key="one order") for _ in range(2)
    )
    saga.drain_until_idle()

    assert (first.status, repeated.status) == (201, 201)
    assert first.json == repeated.json
    assert repeated.headers["idempotency-replayed"] == "true"
    assert len([one for one in saga.deliveries if one.key.consumer == "payment.on_booking_ordered"]) == 1
    assert not harness.result().violations


def test_redriven_dead_letter_completes_the_saga(harness: Harness) -> None:
    journey = Journey("paid_before_deadline", (journeys.paid_before_deadline,))
    baseline = harness.baseline(journey)
    harness.run_journey(Journey("no_steps", ()))
    harness.saga.outages.add(("booking.on_payment_succeeded", "UpdateItem"))
    journey.run(harness.saga, harness.scenario)
    (dead_letter,) = harness.saga.dead_letters
    harness.saga.outages.clear()

    harness.saga.redrive()

    assert dead_letter.key.consumer == "booking.on_payment_succeeded"
    assert states(harness.result(), "bookings", "booking") == states(baseline, "bookings", "booking")
    assert not harness.result().violations
    assert available_places(harness.result(), harness) == available_places(baseline, harness)


@pytest.mark.parametrize(
    ("script", "consumer"),
    [
        (journeys.hold_expired, "booking.on_payment_failed"),
        (journeys.late_payment_refunded, "booking.on_payment_succeeded"),
    ],
    ids=["expired hold", "late payment when sold out"],
)
def test_concurrent_delivery_answers_once(harness: Harness, script: journeys.JourneyScript, consumer: str) -> None:
    journey = Journey(script.__name__, (script,))
    baseline = harness.baseline(journey)
    *_, key = (one for one in baseline.message_keys() if one.consumer == consumer)
    faults = FaultPlan(race=(key, 1))

    result = harness.run_journey(journey, faults)

    assert faults.race_count == 1
    assert not result.dead_letters
    assert not result.violations
    assert [one["logs"] for one in result.normalised_tables["bookings"] if one["sk"] == "booking"] == [
        one["logs"] for one in baseline.normalised_tables["bookings"] if one["sk"] == "booking"
    ]


def test_invariants_detect_each_corruption(harness: Harness) -> None:
    consistent, violated = run_script(harness, journeys.late_payment_refunded).tables, set()

    for table, kind, corruption in CORRUPTIONS:
        tables = {name: [dict(item) for item in items] for name, items in consistent.items()}
        for item in tables[table]:
            if item["sk"].split("#")[0] == kind:
                item.update(corruption)
        found = violations(tables, now=harness.saga.now)
        assert found, (table, kind, corruption)
        violated |= {violation.split(" ")[0] for violation in found}

    assert violated == {"I1", "I2", "I3", "I4", "I5", "I6", "I8", "I10", "I11", "I12", "I13", "I14", "I16", "I17"}


CORRUPTIONS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("bookings", "stock", {"available": 1}),
    ("bookings", "stock", {"available": -1}),
    ("bookings", "stock", {"capacity": 1}),
    ("bookings", "limit", {"held": 3}),
    ("bookings", "limit", {"held": 9}),
    ("bookings", "booking", {"status": "EXPIRED"}),
    ("bookings", "booking", {"status": "PENDING"}),
    ("bookings", "booking", {"version": 9}),
    ("bookings", "booking", {"prices": 1}),
    ("bookings", "booking", {"outbox_version": 9}),
    ("bookings", "booking", {"outbox": []}),
    ("bookings", "booking", {"refunded": 1}),
    ("bookings", "tally", {"sold": 9}),
    ("bookings", "tally", {"revenue": 9}),
    ("bookings", "sales", {"refunded_EUR": 9}),
    ("bookings", "terms", {"status": "CANCELLED"}),
    ("payments", "payment", {"refunded": 9999}),
    ("payments", "payment", {"currency": "USD"}),
    ("payments", "payment", {"booking_id": "another"}),
    ("bookings", "counted", {"sold": False}),
    ("payments", "payment", {"status": "REFUNDED"}),
    ("payments", "payment", {"status": "REFUNDING"}),
    ("payments", "payment", {"status": "PENDING"}),
    ("tickets", "ticket", {"status": "VOID"}),
    ("tickets", "ticket", {"status": "PENDING"}),
    ("tickets", "ticket", {"id": "another"}),
    ("tickets", "ticket", {"checked_in_at": "now"}),
    ("tickets", "issue", {"status": "PENDING"}),
    ("sandbox", "refund", {"amount": 1}),
    ("sandbox", "session", {"payment_status": "unpaid"}),
    ("notifications", "notification", {"kind": "booking_cancelled"}),
    ("notifications", "notification", {"status": "PENDING"}),
)
