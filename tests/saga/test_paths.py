"""Every path of a booking, from the first request to the last mail, and what it leaves in the tables."""

from collections import Counter
from typing import Any

import pytest

from reconcile.core.invariants import violations
from tests.saga import journeys
from tests.saga.journeys import ALONE, Journey
from tests.saga.stage import Run, Stage
from tests.support.deliveries import Faults
from tests.support.saga import MAX_RECEIVES


def walked(stage: Stage, play: journeys.Play) -> Run:
    """The journey as it goes when nothing goes wrong."""
    run = stage.undisturbed(Journey(play.__name__, (play,)))
    assert not run.dead
    assert not run.violations
    return run


def states(run: Run, table: str, kind: str) -> list[str]:
    """The states of these items, sorted."""
    return sorted(one["status"] for one in run.tables[table] if one["sk"] == kind)


def item(run: Run, table: str, kind: str) -> dict[str, Any]:
    """The only item of its kind."""
    (found,) = (one for one in run.tables[table] if one["sk"] == kind)
    return found


def told(run: Run) -> Counter[str]:
    """What mails went out about, by kind of notification."""
    notices = [one for one in run.tables["notifications"] if one["sk"] == "notification"]
    assert all(one["status"] == "CREATED" for one in notices)
    return Counter(one["kind"] for one in notices)


def steps(run: Run) -> list[str]:
    """What became of the only booking, in its own words."""
    return [one["did"] for one in item(run, "bookings", "booking")["logs"]]


def left(run: Run, stage: Stage) -> tuple[int, int, int]:
    """Free places: the gala's seats and companions, the solo's seats."""
    free = {one["pk"]: one["available"] for one in run.tables["bookings"] if one["sk"] == "stock#0"}
    seats, companions = stage.house.gala.types
    return free[seats], free[companions], free[stage.house.solo.types[0]]


def sent_back(run: Run) -> int:
    """What the provider has sent back, in minor units."""
    return sum(int(one["amount"]) for one in run.tables["sandbox"] if one["sk"] == "refund")


def test_a_booking_paid_in_time_ends_with_signed_tickets_and_a_mail(stage: Stage) -> None:
    run = walked(stage, journeys.paid_in_time)

    booking, payment = item(run, "bookings", "booking"), item(run, "payments", "payment")
    tickets = [one for one in run.tables["tickets"] if one["sk"] == "ticket"]
    assert steps(run) == ["order", "confirm"]
    assert (payment["status"], payment["prices"], payment["method"]) == ("SUCCEEDED", booking["prices"], "card")
    assert [one["status"] for one in tickets] == ["CREATED", "CREATED"]
    assert all(one["code"] and one["qr_payload"] and one["issued_at"] for one in tickets)
    assert told(run) == {"tickets_created": 1}
    assert left(run, stage) == (8, 2, 2)


def test_a_free_booking_confirms_without_a_payment_page(stage: Stage) -> None:
    run = walked(stage, journeys.free)

    assert steps(run) == ["order", "confirm"]
    assert item(run, "payments", "payment")["method"] == "free"
    assert not run.tables["sandbox"]
    assert states(run, "tickets", "ticket") == ["CREATED"]
    assert left(run, stage) == (10, 1, 2)


def test_a_bare_number_books_the_event_that_has_one_type(stage: Stage) -> None:
    run = walked(stage, journeys.number_slot)

    assert states(run, "bookings", "booking") == ["CONFIRMED"]
    assert item(run, "bookings", "booking")["items"][0]["event_type_id"] == stage.house.solo.types[0]
    assert left(run, stage) == (10, 2, 1)


def test_a_declined_payment_keeps_the_hold_until_its_end_and_then_gives_the_places_back(stage: Stage) -> None:
    run = walked(stage, journeys.declined)

    assert steps(run) == ["order", "fail"]
    assert (item(run, "payments", "payment")["status"], item(run, "payments", "payment")["reason"]) == (
        "FAILED",
        "declined",
    )
    assert item(run, "sandbox", "session")["status"] == "expired"
    assert told(run) == {"booking_failed": 1}
    assert left(run, stage) == (10, 2, 2)


@pytest.mark.parametrize("play", [journeys.expired, journeys.abandoned])
def test_a_hold_that_runs_out_gives_its_places_back(stage: Stage, play: journeys.Play) -> None:
    run = walked(stage, play)

    assert steps(run) == ["order", "expire"]
    assert item(run, "payments", "payment")["reason"] == "expired"
    assert told(run) == {"booking_expired": 1}
    assert left(run, stage) == (10, 2, 2)


@pytest.mark.parametrize("play", [journeys.cancelled, journeys.cancelled_at_checkout])
def test_a_cancelled_booking_gives_its_places_back_and_cannot_be_paid_any_more(
    stage: Stage, play: journeys.Play
) -> None:
    run = walked(stage, play)

    assert steps(run) == ["order", "cancel"]
    assert states(run, "payments", "payment") == ["CANCELLED"]
    assert all(one["status"] == "expired" for one in run.tables["sandbox"])
    assert told(run) == {"booking_cancelled": 1}
    assert left(run, stage) == (10, 2, 2)


def test_money_that_came_while_the_buyer_cancelled_goes_back(stage: Stage) -> None:
    run = walked(stage, journeys.cancelled_while_paying)

    assert steps(run) == ["order", "cancel", "refuse"]
    assert states(run, "payments", "payment") == ["REFUNDED"]
    assert sent_back(run) == item(run, "bookings", "booking")["prices"]
    assert told(run) == {"booking_cancelled": 1, "booking_failed": 1, "payment_refunded": 1}
    assert left(run, stage) == (10, 2, 2)


def test_a_payment_whose_webhook_is_lost_is_found_when_the_hold_ends(stage: Stage) -> None:
    run = walked(stage, journeys.webhook_lost)

    assert steps(run) == ["order", "confirm"]
    assert states(run, "payments", "payment") == ["SUCCEEDED"]
    assert told(run) == {"tickets_created": 1}
    assert left(run, stage) == (9, 2, 2)


def test_a_late_payment_is_honoured_where_there_is_room(stage: Stage) -> None:
    run = walked(stage, journeys.late_with_room)

    assert steps(run) == ["order", "expire", "confirm_late"]
    assert states(run, "payments", "payment") == ["SUCCEEDED"]
    assert states(run, "tickets", "ticket") == ["CREATED"]
    assert told(run) == {"booking_expired": 1, "tickets_created": 1}
    assert left(run, stage) == (10, 2, 1)


def test_a_late_payment_is_refunded_where_there_is_no_room(stage: Stage) -> None:
    run = walked(stage, journeys.late_without_room)

    assert states(run, "bookings", "booking") == ["CONFIRMED", "FAILED"]
    assert states(run, "payments", "payment") == ["REFUNDED", "SUCCEEDED"]
    (refused,) = (one for one in run.tables["bookings"] if one.get("status") == "FAILED")
    assert sent_back(run) == refused["prices"] > 0
    assert [one["did"] for one in refused["logs"]] == ["order", "expire", "refuse"]
    assert left(run, stage) == (10, 2, 0)


def test_a_late_payment_for_a_cancelled_booking_is_refunded(stage: Stage) -> None:
    run = walked(stage, journeys.late_on_cancelled)

    assert steps(run) == ["order", "cancel", "refuse"]
    assert states(run, "payments", "payment") == ["REFUNDED"]
    assert sent_back(run) == item(run, "bookings", "booking")["prices"] > 0
    assert left(run, stage) == (10, 2, 2)


@pytest.mark.parametrize(("play", "back"), [(journeys.tickets_rejected, 5000), (journeys.free_tickets_rejected, 0)])
def test_a_booking_whose_tickets_cannot_be_made_is_cancelled_and_refunded(
    stage: Stage, play: journeys.Play, back: int
) -> None:
    run = walked(stage, play)

    assert [one.outcome for one in run.trace if one.slot.consumer == "ticket.on_booking_confirmed"] == [
        *["failed"] * (MAX_RECEIVES - 1),
        "done",
    ]
    assert steps(run) == ["order", "confirm", "revoke"]
    assert states(run, "payments", "payment") == ["REFUNDED"]
    assert set(states(run, "tickets", "ticket")) == {"REJECTED"}
    assert sent_back(run) == back
    assert left(run, stage) == (10, 2, 2)


def test_a_cancelled_event_ends_every_booking_and_all_money_goes_back(stage: Stage) -> None:
    run = walked(stage, journeys.called_off)

    did = sorted([line["did"] for line in one["logs"]] for one in run.tables["bookings"] if one["sk"] == "booking")
    assert did == [
        ["order", "call_off", "refuse"],
        ["order", "cancel"],
        ["order", "confirm", "call_off"],
        ["order", "confirm", "call_off"],
    ]
    (wound_up,) = (one for one in run.tables["bookings"] if one["sk"] == "cancellation")
    assert (wound_up["state"], wound_up["found"], wound_up["cancelled"], wound_up["owed_EUR"]) == (
        "FINISHED",
        4,
        3,
        2500,
    )
    assert sent_back(run) == 5000
    assert set(states(run, "tickets", "ticket")) == {"VOID"}


@pytest.mark.parametrize(
    ("play", "last", "back"),
    [
        (journeys.given_back, "withdraw", 5000),
        (journeys.free_given_back, "withdraw", 0),
        (journeys.refunded_whole, "refund", 5000),
    ],
)
def test_a_confirmed_booking_that_ends_voids_its_tickets_and_its_money_goes_back_once(
    stage: Stage, play: journeys.Play, last: str, back: int
) -> None:
    run = walked(stage, play)

    assert steps(run) == ["order", "confirm", last]
    assert sent_back(run) == back
    assert set(states(run, "tickets", "ticket")) == {"VOID"}
    assert left(run, stage) == (10, 2, 2)


def test_nobody_holds_more_places_than_the_event_allows(stage: Stage) -> None:
    stage.walk(ALONE[0])  # two seats of four are the buyer's
    house, saga = stage.house, stage.saga
    wanted = {"event_id": house.gala.id, "items": [{"event_type_id": house.gala.types[0], "qty": 3}]}

    refused = saga.http("POST /v1/bookings", wanted, by=house.buyer)
    others = saga.http("POST /v1/bookings", wanted, by=house.other)

    assert (refused.status, refused.problem) == (409, "limit-reached")
    assert others.status == 201
    assert left(stage.run(), stage) == (5, 2, 2)


def test_more_places_than_are_left_are_refused_whole(stage: Stage) -> None:
    stage.walk(Journey("nothing", ()))
    house, saga = stage.house, stage.saga

    refused = saga.http("POST /v1/bookings", {"event_id": house.solo.id, "number_slot": 3}, by=house.buyer)
    taken = saga.http("POST /v1/bookings", {"event_id": house.solo.id, "number_slot": 2}, by=house.buyer)

    assert (refused.status, refused.problem) == (409, "sold-out")
    assert taken.status == 201
    assert left(stage.run(), stage) == (10, 2, 0)


def test_the_door_admits_each_ticket_once(stage: Stage) -> None:
    run = walked(stage, journeys.admitted)

    assert states(run, "tickets", "ticket") == ["CHECKED_IN", "CREATED"]
    assert len([one for one in run.tables["tickets"] if one["sk"] == "scan"]) == 1
    assert told(run) == {"tickets_created": 1}


def test_what_the_door_admitted_is_not_given_back(stage: Stage) -> None:
    run = stage.walk(Journey("taken_back", (journeys.taken_back,)))
    call = f"POST /v1/bookings/{item(run, 'bookings', 'booking')['id']}/cancel"

    refused = stage.saga.http(call, by=stage.house.buyer)

    assert (refused.status, refused.problem, len(refused.json["ticket_ids"])) == (409, "ticket-used", 1)
    assert (steps(run), sent_back(run)) == (["order", "confirm"], 0)
    assert not stage.run().violations


def test_what_somebody_else_has_is_not_given_back(stage: Stage) -> None:
    run = stage.walk(Journey("passed_on", (journeys.passed_on,)))
    call = f"POST /v1/bookings/{item(run, 'bookings', 'booking')['id']}/cancel"

    refused = stage.saga.http(call, by=stage.house.buyer)

    assert (refused.status, refused.problem) == (409, "ticket-passed-on")
    assert not stage.run().violations


def test_each_side_of_a_ticket_that_goes_on_is_told_and_its_owner_of_new_codes(stage: Stage) -> None:
    run = walked(stage, journeys.handed_on)

    assert states(run, "tickets", "ticket") == ["CREATED", "CREATED", "VOID"]
    assert told(run) == {
        "tickets_created": 1,
        "ticket_offered": 1,
        "ticket_received": 1,
        "ticket_given": 1,
        "ticket_reissued": 1,
    }


def test_who_loses_a_ticket_is_told(stage: Stage) -> None:
    run = walked(stage, journeys.withdrawn)

    assert states(run, "tickets", "ticket") == ["CREATED", "VOID"]
    assert told(run) == {"tickets_created": 1, "ticket_voided": 1}


def test_two_edits_in_a_row_of_an_event_are_told_of_once_to_who_has_tickets(stage: Stage) -> None:
    run = walked(stage, journeys.relocated)

    (notice,) = (
        one for one in run.tables["notifications"] if one["sk"] == "notification" and one["kind"] == "event_changed"
    )
    assert told(run) == {"tickets_created": 1, "event_changed": 1}
    assert (notice["user_id"], notice["facts"]["now"]["venue"]) == (stage.house.buyer.user_id, "Barn")
    assert notice["facts"]["now"]["starts_at"] == "2031-09-01T20:00:00.000Z"


def test_who_has_a_ticket_is_reminded_the_day_before(stage: Stage) -> None:
    run = walked(stage, journeys.reminded)

    assert told(run) == {"tickets_created": 1, "event_reminder": 1}


def test_equal_requests_with_one_key_hold_once(stage: Stage) -> None:
    stage.walk(Journey("nothing", ()))
    house, saga = stage.house, stage.saga
    wanted = {"event_id": house.solo.id, "number_slot": 1}

    first, again = (saga.http("POST /v1/bookings", wanted, by=house.buyer, key="one order") for _ in range(2))
    saga.rest()

    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    assert again.headers["idempotency-replayed"] == "true"
    assert len([one for one in saga.trace if one.slot.consumer == "payment.on_booking_ordered"]) == 1
    assert not stage.run().violations


def test_a_message_that_keeps_failing_is_set_aside_and_its_redrive_goes_on_where_it_ended(stage: Stage) -> None:
    journey = Journey("paid_in_time", (journeys.paid_in_time,))
    undisturbed = stage.undisturbed(journey)
    stage.walk(Journey("nothing", ()))
    stage.saga.outages.add(("booking.on_payment_succeeded", "UpdateItem"))
    journey.walk(stage.saga, stage.house)
    (dead,) = stage.saga.dead
    stage.saga.outages.clear()

    stage.saga.redrive()

    assert dead.slot.consumer == "booking.on_payment_succeeded"
    assert states(stage.run(), "bookings", "booking") == states(undisturbed, "bookings", "booking")
    assert not stage.run().violations
    assert left(stage.run(), stage) == left(undisturbed, stage)


@pytest.mark.parametrize(
    ("play", "consumer"),
    [(journeys.expired, "booking.on_payment_failed"), (journeys.late_without_room, "booking.on_payment_succeeded")],
    ids=["a hold that runs out", "a late payment without room"],
)
def test_two_instances_with_one_message_answer_it_once(stage: Stage, play: journeys.Play, consumer: str) -> None:
    journey = Journey(play.__name__, (play,))
    undisturbed = stage.undisturbed(journey)
    *_, slot = (one for one in undisturbed.slots() if one.consumer == consumer)
    faults = Faults(race=(slot, 1))

    run = stage.walk(journey, faults)

    assert faults.raced == 1
    assert not run.dead
    assert not run.violations
    assert [one["logs"] for one in run.plain["bookings"] if one["sk"] == "booking"] == [
        one["logs"] for one in undisturbed.plain["bookings"] if one["sk"] == "booking"
    ]


def test_the_checks_on_the_tables_can_fail(stage: Stage) -> None:
    sound, said = walked(stage, journeys.late_without_room).tables, set()

    for table, kind, harm in HARMS:
        tables = {name: [dict(one) for one in items] for name, items in sound.items()}
        for one in tables[table]:
            if one["sk"].split("#")[0] == kind:
                one.update(harm)
        found = violations(tables, now=stage.saga.now)
        assert found, (table, kind, harm)
        said |= {one.split(" ")[0] for one in found}

    assert said == {"I1", "I2", "I3", "I4", "I5", "I6", "I8", "I10", "I11", "I12", "I13", "I14", "I16", "I17"}


HARMS: tuple[tuple[str, str, dict[str, Any]], ...] = (
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
