"""From BookingConfirmed to valid tickets, despite crashes, redelivery and reordering."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from common import clock, env, ids
from common.bus import BusEvent
from common.bus.events import EventChanged
from common.bus.ticket import TicketCreated, TicketPending, TicketRejected, TicketVoided
from common.outbox import outbox_events
from infra import topology
from tests.support.drivers.ticket_driver import (
    BALCONY,
    EVENT,
    FLOOR,
    NOW,
    ON_CANCELLED,
    ON_CONFIRMED,
    ORGANISER_ID,
    STAFF_ID,
    booking_cancelled,
    booking_confirmed,
    crash_after,
    event_terms,
    stored_items,
)
from tests.support.faults.aws_errors import error_response, interleaved, lost_reply, scripted_responses
from tests.support.system.in_memory_system import InMemorySystem
from tests.support.system.system import System, row
from ticket.core import signature


def issuance_events(system: System) -> list[BusEvent]:
    return [event for one in stored_items(system, "issue") for event in outbox_events(one)]


def statuses(system: System) -> dict[tuple[str, str], str]:
    return {(one["pk"], one["sk"]): one.get("status", "-") for one in system.scan(topology.TICKETS)}


def final_items(scenario: Callable[[System], None]) -> list[dict[str, Any]]:
    """The items that a fresh system holds after the scenario."""
    with InMemorySystem().running() as isolated:
        scenario(isolated)
        return isolated.scan(topology.TICKETS)


def test_confirmed_booking_gets_signed_tickets_with_every_attribute(system: System) -> None:
    booking = booking_confirmed()

    system.deliver(booking, ON_CONFIRMED)

    tickets = stored_items(system, "ticket")
    assert len(tickets) == 2
    for ticket in tickets:
        assert ticket["status"] == "CREATED"
        assert ticket["serial"] == 1
        assert ticket["issued_at"] == ticket["created_at"] == clock.iso(NOW)
        assert ticket["booking_item_id"] == ids.derive("booking-item", booking.booking_id, FLOOR)
        assert [one["action"] for one in ticket["logs"]] == ["create", "issue"]
        with system.as_function(row(ON_CONFIRMED)):
            claims = signature.verify(env.secret("ticket-seed"), ticket["qr_payload"])
        assert (claims.event, claims.ticket, claims.type, claims.serial) == (EVENT, ticket["id"], FLOOR, 1)
    assert len({one["code"] for one in tickets}) == 2


def test_pending_then_created_is_published(system: System) -> None:
    booking = booking_confirmed()

    with crash_after("TransactWriteItems"):
        system.deliver(booking, ON_CONFIRMED)
    [pending] = issuance_events(system)
    system.deliver(booking, ON_CONFIRMED)
    [created] = issuance_events(system)

    assert isinstance(pending, TicketPending)
    assert isinstance(created, TicketCreated)
    assert created.user_id == pending.user_id == booking.user_id
    assert created.booking_id == booking.booking_id
    assert set(created.ticket_ids) == {one["id"] for one in stored_items(system, "ticket")}


def test_codes_are_never_published(system: System) -> None:
    system.deliver(booking_confirmed(), ON_CONFIRMED)

    published_text = "".join(one.model_dump_json() for one in issuance_events(system))

    assert not any(
        one["code"] in published_text or one["qr_payload"] in published_text for one in stored_items(system, "ticket")
    )


def test_booking_of_fifty_tickets_is_issued(system: System) -> None:
    system.deliver(booking_confirmed(50), ON_CONFIRMED)

    assert {one["status"] for one in stored_items(system, "ticket")} == {"CREATED"}
    assert len(stored_items(system, "ticket")) == 50


@pytest.mark.parametrize("crash_at", [1, 2])
def test_crash_after_either_transaction_is_recovered(crash_at: int) -> None:
    booking = booking_confirmed()

    def uninterrupted(system: System) -> None:
        system.deliver(booking, ON_CONFIRMED)

    def interrupted(system: System) -> None:
        with crash_after("TransactWriteItems", after=crash_at):
            system.deliver(booking, ON_CONFIRMED)
        assert statuses(system)[booking.booking_id, "issue"] == ("PENDING", "CREATED")[crash_at - 1]
        system.deliver(booking, ON_CONFIRMED)

    assert final_items(interrupted) == final_items(uninterrupted)


def test_redelivered_confirmation_issues_nothing_new() -> None:
    booking = booking_confirmed()

    def once(system: System) -> None:
        assert not system.deliver(booking, ON_CONFIRMED)[ON_CONFIRMED]["batchItemFailures"]

    def twice(system: System) -> None:
        once(system)
        once(system)

    assert final_items(twice) == final_items(once)


def test_cancelled_booking_voids_tickets_and_publishes_it(system: System) -> None:
    booking = booking_confirmed()
    system.deliver(booking, ON_CONFIRMED)

    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    assert {one["status"] for one in stored_items(system, "ticket")} == {"VOID"}
    [voided] = issuance_events(system)
    assert isinstance(voided, TicketVoided)
    assert voided.booking_id == booking.booking_id


def test_redelivered_or_crashed_cancellation_is_idempotent() -> None:
    booking = booking_confirmed()
    cancellation = booking_cancelled(booking)

    def uninterrupted(system: System) -> None:
        system.deliver(booking, ON_CONFIRMED)
        system.deliver(cancellation, ON_CANCELLED)

    def repeated(system: System) -> None:
        uninterrupted(system)
        system.deliver(cancellation, ON_CANCELLED)
        system.deliver(booking, ON_CONFIRMED)

    def interrupted(system: System) -> None:
        system.deliver(booking, ON_CONFIRMED)
        with crash_after("PutItem"):
            system.deliver(cancellation, ON_CANCELLED)
        assert statuses(system)[booking.booking_id, "issue"] == "CREATED"
        system.deliver(cancellation, ON_CANCELLED)

    assert final_items(repeated) == final_items(interrupted) == final_items(uninterrupted)


def test_confirmation_and_cancellation_commute() -> None:
    booking = booking_confirmed()
    cancellation = booking_cancelled(booking)

    def confirmed_first(system: System) -> None:
        system.deliver(booking, ON_CONFIRMED)
        system.deliver(cancellation, ON_CANCELLED)

    def cancelled_first(system: System) -> None:
        system.deliver(cancellation, ON_CANCELLED)
        system.deliver(booking, ON_CONFIRMED)

    one, other = final_items(confirmed_first), final_items(cancelled_first)
    assert [(i["pk"], i["sk"], i.get("status")) for i in one] == [(i["pk"], i["sk"], i.get("status")) for i in other]
    assert {i["status"] for i in one if i["sk"] == "ticket"} == {"VOID"}
    # The tickets of the booking cancelled first were never issued: no code exists that could be in use.
    assert not any("code" in i or "qr_payload" in i for i in other)


def test_booking_cancelled_between_transactions_gets_no_valid_tickets(system: System) -> None:
    booking = booking_confirmed()
    with crash_after("TransactWriteItems"):
        system.deliver(booking, ON_CONFIRMED)

    system.deliver(booking_cancelled(booking), ON_CANCELLED)
    system.deliver(booking, ON_CONFIRMED)

    assert {one["status"] for one in stored_items(system, "ticket")} == {"VOID"}
    assert isinstance(issuance_events(system)[0], TicketVoided)


def test_cancellation_before_issuance_writes_marker_only(system: System) -> None:
    booking = booking_confirmed()

    system.deliver(booking_cancelled(booking), ON_CANCELLED)

    assert statuses(system) == {(booking.booking_id, "cancelled"): "-"}
    assert issuance_events(system) == []


def test_tickets_of_cancelled_event_are_rejected_with_reason(system: System) -> None:
    system.deliver(event_terms(status="CANCELLED"), "ticket.on_event_changed")

    system.deliver(booking_confirmed(), ON_CONFIRMED)

    assert {one["status"] for one in stored_items(system, "ticket")} == {"REJECTED"}
    [rejected] = issuance_events(system)
    assert isinstance(rejected, TicketRejected)
    assert rejected.reason == "event_cancelled"


def test_missing_event_copy_does_not_delay_issuance(system: System) -> None:
    assert stored_items(system, "event") == []

    system.deliver(booking_confirmed(), ON_CONFIRMED)

    assert {one["status"] for one in stored_items(system, "ticket")} == {"CREATED"}


@pytest.mark.moto
def test_unreadable_secret_is_retried_then_rejects_tickets(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    booking = booking_confirmed()
    boto3.client("secretsmanager").delete_secret(SecretId="ticketing/test/ticket-seed", ForceDeleteWithoutRecovery=True)

    first = system.deliver(booking, ON_CONFIRMED)
    assert first[ON_CONFIRMED]["batchItemFailures"]
    assert statuses(system)[booking.booking_id, "issue"] == "PENDING"
    last = system.deliver(booking, ON_CONFIRMED, tries=7)

    assert not last[ON_CONFIRMED]["batchItemFailures"]
    assert {one["status"] for one in stored_items(system, "ticket") + stored_items(system, "issue")} == {"REJECTED"}
    [rejected] = issuance_events(system)
    assert isinstance(rejected, TicketRejected)
    assert rejected.reason == "not_issued"
    assert "IssuancesFailed" in capsys.readouterr().out


def test_booking_exceeding_transaction_limit_is_rejected(system: System) -> None:
    booking = booking_confirmed(100)

    assert system.deliver(booking, ON_CONFIRMED)[ON_CONFIRMED]["batchItemFailures"]
    system.deliver(booking, ON_CONFIRMED, tries=7)

    assert statuses(system) == {(booking.booking_id, "issue"): "REJECTED"}
    assert isinstance(issuance_events(system)[0], TicketRejected)


@pytest.mark.moto
def test_rejection_with_lost_response_succeeds(system: System) -> None:
    booking = booking_confirmed(100)

    with lost_reply("dynamodb", "PutItem") as sent:
        response = system.deliver(booking, ON_CONFIRMED, tries=7)

    assert len(sent) == 2
    assert not response[ON_CONFIRMED]["batchItemFailures"]
    assert statuses(system) == {(booking.booking_id, "issue"): "REJECTED"}


@pytest.mark.moto
def test_issuance_begun_during_rejection_is_rejected(system: System) -> None:
    booking = booking_confirmed()
    boto3.client("secretsmanager").delete_secret(SecretId="ticketing/test/ticket-seed", ForceDeleteWithoutRecovery=True)

    with (
        scripted_responses("dynamodb", "TransactWriteItems", error_response("InternalServerError")),
        interleaved("PutItem", lambda: system.deliver(booking, ON_CONFIRMED)) as calls,
    ):
        response = system.deliver(booking, ON_CONFIRMED, tries=7)

    assert calls
    assert not response[ON_CONFIRMED]["batchItemFailures"]
    assert {one["status"] for one in stored_items(system, "ticket") + stored_items(system, "issue")} == {"REJECTED"}
    assert [type(one) for one in issuance_events(system)] == [TicketRejected]


def test_rejected_tickets_stay_rejected_after_booking_cancellation(system: System) -> None:
    booking = booking_confirmed()
    system.deliver(event_terms(status="CANCELLED"), "ticket.on_event_changed")
    system.deliver(booking, ON_CONFIRMED)

    system.deliver(booking_cancelled(booking), ON_CANCELLED)
    system.deliver(booking, ON_CONFIRMED)

    assert {one["status"] for one in stored_items(system, "ticket") + stored_items(system, "issue")} == {"REJECTED"}


@pytest.mark.moto
def test_exhausted_retries_after_success_reject_nothing(system: System) -> None:
    events, calls = env.client("dynamodb").meta.events, list[int]()

    def lose_second_response(**_: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise ConnectionError

    events.register("after-call.dynamodb.TransactWriteItems", lose_second_response)
    response = system.deliver(booking_confirmed(), ON_CONFIRMED, tries=7)
    events.unregister("after-call.dynamodb.TransactWriteItems", lose_second_response)

    assert len(calls) > 2
    assert not response[ON_CONFIRMED]["batchItemFailures"]
    assert {one["status"] for one in stored_items(system, "ticket") + stored_items(system, "issue")} == {"CREATED"}


def test_event_copy_is_newest_in_any_order() -> None:
    messages = [
        event_terms(),
        event_terms(EventChanged, event_version=2, name="Moved"),
        event_terms(EventChanged, event_version=3),
    ]

    def delivered_in(order: tuple[int, ...]) -> Callable[[System], None]:
        def scenario(system: System) -> None:
            for index in order:
                system.deliver(messages[index], "ticket.on_event_changed")

        return scenario

    outcomes = [final_items(delivered_in(order)) for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1, 1, 0, 2))]

    assert all(one == outcomes[0] for one in outcomes)
    [event_copy] = outcomes[0]
    assert event_copy == {
        "pk": EVENT,
        "sk": "event",
        "event_version": 3,
        "status": "PUBLISHED",
        "name": "Élan, Vital",
        "venue": "Große Halle",
        "city": "Zürich",
        "zone": "Europe/Zurich",
        "starts_at": "2026-06-01T18:00:00.000Z",
        "ends_at": "2026-06-01T21:00:00.000Z",
        "types": {FLOOR: "Floor", BALCONY: "Balcony"},
        "organiser_id": ORGANISER_ID,
        "staff": [STAFF_ID],
    }
