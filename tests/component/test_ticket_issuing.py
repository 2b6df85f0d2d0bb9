"""From BookingConfirmed to valid tickets, whatever dies, repeats or overtakes."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from common import clock, env, ids
from common.bus import BusEvent
from common.bus.booking import BookedItem, BookingCancelled, BookingConfirmed
from common.bus.events import EventChanged, EventPublished, TypeTerms
from common.bus.ticket import TicketCreated, TicketPending, TicketRejected, TicketVoided
from common.outbox import published
from infra import topology
from tests.support.deliveries import Call
from tests.support.memory import RUNNING, Memory
from tests.support.refusals import answering, losing_a_reply, meanwhile, refused
from tests.support.system import System, row
from ticket.core import signature

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENT, FLOOR, BALCONY = (ids.derive("test", name) for name in ("event", "floor", "balcony"))
ORGANISER, STAFF = ids.derive("test", "organiser"), ids.derive("test", "staff")
CONFIRMED, CANCELLED = "ticket.on_booking_confirmed", "ticket.on_booking_cancelled"


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def envelope() -> dict[str, Any]:
    return {"bus_event_id": str(uuid.uuid4()), "occurred_at": NOW, "correlation_id": "journey", "causation_id": "cause"}


def confirmed(qty: int = 2, *, event_id: str = EVENT, user_id: str | None = None) -> BookingConfirmed:
    booking: dict[str, Any] = {
        "booking_id": str(uuid.uuid4()),
        "user_id": user_id or str(uuid.uuid4()),
        "event_id": event_id,
    }
    items = (BookedItem(event_type_id=FLOOR, qty=qty, unit_price=4500),)
    return BookingConfirmed(**envelope(), **booking, items=items, prices=4500 * qty, currency="EUR")


def cancelled(booking: BookingConfirmed) -> BookingCancelled:
    same = booking.model_dump(include={"booking_id", "user_id", "event_id"})
    return BookingCancelled(**envelope(), **same, reason="buyer")


def terms(kind: type[EventPublished | EventChanged] = EventPublished, **changes: Any) -> Any:
    types = tuple(
        TypeTerms(id=one, name=name, prices=4500, currency="EUR", capacity=9, status="ON_SALE")
        for one, name in ((FLOOR, "Floor"), (BALCONY, "Balcony"))
    )
    event = {
        "event_id": EVENT, "terms_version": 1, "event_version": 1, "organiser_id": ORGANISER, "staff": (STAFF,),
        "name": "Élan, Vital", "venue": "Große Halle", "city": "Zürich", "zone": "Europe/Zurich", "types": types,
        "status": "PUBLISHED",
        "starts_at": datetime(2026, 6, 1, 18, tzinfo=UTC), "ends_at": datetime(2026, 6, 1, 21, tzinfo=UTC),
        "max_per_user": 4, "hold_seconds": 600,
    }  # fmt: skip
    return kind(**envelope() | event | changes)


def items(system: System, sk: str) -> list[dict[str, Any]]:
    return [one for one in system.scan(topology.TICKETS) if one["sk"] == sk]


def told(system: System) -> list[BusEvent]:
    return [event for one in items(system, "issue") for event in published(one)]


def states(system: System) -> dict[tuple[str, str], str]:
    return {(one["pk"], one["sk"]): one.get("status", "-") for one in system.scan(topology.TICKETS)}


class Died(BaseException):
    """The process ended here; nothing catches it."""


@contextmanager
def dying(operation: str, *, after: int = 1) -> Iterator[None]:
    """Let the process die when the `after`-th call of this kind has been carried out; it must happen."""
    system, seen = RUNNING[-1], list[int]()

    def die(call: Call) -> None:
        seen.extend([1] * (call.operation == operation))
        if len(seen) == after:
            raise Died

    survived, system.after = system.after, die
    try:
        with pytest.raises(Died):
            yield
    finally:
        system.after = survived


def tables(play: Callable[[System], None]) -> list[dict[str, Any]]:
    """What a system of its own holds at the end of the play."""
    with Memory().running() as own:
        play(own)
        return own.scan(topology.TICKETS)


def test_a_confirmed_booking_gets_signed_tickets_with_every_attribute(system: System) -> None:
    booking = confirmed()

    system.deliver(booking, CONFIRMED)

    tickets = items(system, "ticket")
    assert len(tickets) == 2
    for ticket in tickets:
        assert ticket["status"] == "CREATED"
        assert ticket["serial"] == 1
        assert ticket["issued_at"] == ticket["created_at"] == clock.iso(NOW)
        assert ticket["booking_item_id"] == ids.derive("booking-item", booking.booking_id, FLOOR)
        assert [one["did"] for one in ticket["logs"]] == ["create", "issue"]
        with system.acting(row(CONFIRMED)):
            claims = signature.verify(env.secret("ticket-seed"), ticket["qr_payload"])
        assert (claims.event, claims.ticket, claims.type, claims.serial) == (EVENT, ticket["id"], FLOOR, 1)
    assert len({one["code"] for one in tickets}) == 2


def test_the_bus_hears_of_pending_and_then_of_all_tickets_at_once(system: System) -> None:
    booking = confirmed()

    with dying("TransactWriteItems"):
        system.deliver(booking, CONFIRMED)
    [pending] = told(system)
    system.deliver(booking, CONFIRMED)
    [created] = told(system)

    assert isinstance(pending, TicketPending)
    assert isinstance(created, TicketCreated)
    assert created.user_id == pending.user_id == booking.user_id
    assert created.booking_id == booking.booking_id
    assert set(created.ticket_ids) == {one["id"] for one in items(system, "ticket")}


def test_codes_never_ride_the_bus(system: System) -> None:
    system.deliver(confirmed(), CONFIRMED)

    said = "".join(one.model_dump_json() for one in told(system))

    assert not any(one["code"] in said or one["qr_payload"] in said for one in items(system, "ticket"))


def test_fifty_tickets_fit_into_one_booking(system: System) -> None:
    system.deliver(confirmed(50), CONFIRMED)

    assert {one["status"] for one in items(system, "ticket")} == {"CREATED"}
    assert len(items(system, "ticket")) == 50


@pytest.mark.parametrize("death", [1, 2])
def test_dying_after_either_transaction_changes_nothing_in_the_end(death: int) -> None:
    booking = confirmed()

    def undisturbed(system: System) -> None:
        system.deliver(booking, CONFIRMED)

    def disturbed(system: System) -> None:
        with dying("TransactWriteItems", after=death):
            system.deliver(booking, CONFIRMED)
        assert states(system)[booking.booking_id, "issue"] == ("PENDING", "CREATED")[death - 1]
        system.deliver(booking, CONFIRMED)

    assert tables(disturbed) == tables(undisturbed)


def test_a_message_that_comes_again_issues_nothing_again() -> None:
    booking = confirmed()

    def once(system: System) -> None:
        assert not system.deliver(booking, CONFIRMED)[CONFIRMED]["batchItemFailures"]

    def twice(system: System) -> None:
        once(system)
        once(system)

    assert tables(twice) == tables(once)


def test_a_cancelled_booking_s_tickets_are_void_and_the_bus_hears_it(system: System) -> None:
    booking = confirmed()
    system.deliver(booking, CONFIRMED)

    system.deliver(cancelled(booking), CANCELLED)

    assert {one["status"] for one in items(system, "ticket")} == {"VOID"}
    [voided] = told(system)
    assert isinstance(voided, TicketVoided)
    assert voided.booking_id == booking.booking_id


def test_a_cancellation_that_comes_again_or_dies_changes_nothing_in_the_end() -> None:
    booking = confirmed()
    cancel = cancelled(booking)

    def undisturbed(system: System) -> None:
        system.deliver(booking, CONFIRMED)
        system.deliver(cancel, CANCELLED)

    def repeated(system: System) -> None:
        undisturbed(system)
        system.deliver(cancel, CANCELLED)
        system.deliver(booking, CONFIRMED)

    def died(system: System) -> None:
        system.deliver(booking, CONFIRMED)
        with dying("PutItem"):
            system.deliver(cancel, CANCELLED)
        assert states(system)[booking.booking_id, "issue"] == "CREATED"
        system.deliver(cancel, CANCELLED)

    assert tables(repeated) == tables(died) == tables(undisturbed)


def test_both_orders_of_confirmation_and_cancellation_leave_the_same_items_in_the_same_states() -> None:
    booking = confirmed()
    cancel = cancelled(booking)

    def confirmed_first(system: System) -> None:
        system.deliver(booking, CONFIRMED)
        system.deliver(cancel, CANCELLED)

    def cancelled_first(system: System) -> None:
        system.deliver(cancel, CANCELLED)
        system.deliver(booking, CONFIRMED)

    one, other = tables(confirmed_first), tables(cancelled_first)
    assert [(i["pk"], i["sk"], i.get("status")) for i in one] == [(i["pk"], i["sk"], i.get("status")) for i in other]
    assert {i["status"] for i in one if i["sk"] == "ticket"} == {"VOID"}
    # Those of the overtaken booking were never issued: there is no code that could have got about.
    assert not any("code" in i or "qr_payload" in i for i in other)


def test_a_booking_cancelled_between_the_two_transactions_never_gets_valid_tickets(system: System) -> None:
    booking = confirmed()
    with dying("TransactWriteItems"):
        system.deliver(booking, CONFIRMED)

    system.deliver(cancelled(booking), CANCELLED)
    system.deliver(booking, CONFIRMED)

    assert {one["status"] for one in items(system, "ticket")} == {"VOID"}
    assert isinstance(told(system)[0], TicketVoided)


def test_a_cancelled_booking_that_never_had_tickets_leaves_a_mark_only(system: System) -> None:
    booking = confirmed()

    system.deliver(cancelled(booking), CANCELLED)

    assert states(system) == {(booking.booking_id, "cancelled"): "-"}
    assert told(system) == []


def test_tickets_of_a_cancelled_event_are_rejected_and_the_bus_hears_why(system: System) -> None:
    system.deliver(terms(status="CANCELLED"), "ticket.keep_event")

    system.deliver(confirmed(), CONFIRMED)

    assert {one["status"] for one in items(system, "ticket")} == {"REJECTED"}
    [rejected] = told(system)
    assert isinstance(rejected, TicketRejected)
    assert rejected.reason == "event_cancelled"


def test_an_event_whose_copy_has_not_arrived_holds_up_nothing(system: System) -> None:
    assert items(system, "event") == []

    system.deliver(confirmed(), CONFIRMED)

    assert {one["status"] for one in items(system, "ticket")} == {"CREATED"}


@pytest.mark.moto
def test_a_secret_that_cannot_be_read_is_tried_again_and_then_rejects(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    booking = confirmed()
    boto3.client("secretsmanager").delete_secret(SecretId="ticketing/test/ticket-seed", ForceDeleteWithoutRecovery=True)

    first = system.deliver(booking, CONFIRMED)
    assert first[CONFIRMED]["batchItemFailures"]
    assert states(system)[booking.booking_id, "issue"] == "PENDING"
    last = system.deliver(booking, CONFIRMED, tries=7)

    assert not last[CONFIRMED]["batchItemFailures"]
    assert {one["status"] for one in items(system, "ticket") + items(system, "issue")} == {"REJECTED"}
    [rejected] = told(system)
    assert isinstance(rejected, TicketRejected)
    assert rejected.reason == "not_issued"
    assert "IssuesGivenUp" in capsys.readouterr().out


def test_a_booking_too_large_for_one_transaction_is_rejected_whole(system: System) -> None:
    booking = confirmed(100)

    assert system.deliver(booking, CONFIRMED)[CONFIRMED]["batchItemFailures"]
    system.deliver(booking, CONFIRMED, tries=7)

    assert states(system) == {(booking.booking_id, "issue"): "REJECTED"}
    assert isinstance(told(system)[0], TicketRejected)


@pytest.mark.moto
def test_a_rejection_whose_reply_is_lost_is_done(system: System) -> None:
    booking = confirmed(100)

    with losing_a_reply("dynamodb", "PutItem") as sent:
        answer = system.deliver(booking, CONFIRMED, tries=7)

    assert len(sent) == 2
    assert not answer[CONFIRMED]["batchItemFailures"]
    assert states(system) == {(booking.booking_id, "issue"): "REJECTED"}


@pytest.mark.moto
def test_an_issue_that_another_delivery_begins_during_the_rejection_is_rejected_too(system: System) -> None:
    booking = confirmed()
    boto3.client("secretsmanager").delete_secret(SecretId="ticketing/test/ticket-seed", ForceDeleteWithoutRecovery=True)

    with (
        answering("dynamodb", "TransactWriteItems", refused("InternalServerError")),
        meanwhile("PutItem", lambda: system.deliver(booking, CONFIRMED)) as acted,
    ):
        answer = system.deliver(booking, CONFIRMED, tries=7)

    assert acted
    assert not answer[CONFIRMED]["batchItemFailures"]
    assert {one["status"] for one in items(system, "ticket") + items(system, "issue")} == {"REJECTED"}
    assert [type(one) for one in told(system)] == [TicketRejected]


def test_rejected_tickets_stay_rejected_when_the_booking_is_then_cancelled(system: System) -> None:
    booking = confirmed()
    system.deliver(terms(status="CANCELLED"), "ticket.keep_event")
    system.deliver(booking, CONFIRMED)

    system.deliver(cancelled(booking), CANCELLED)
    system.deliver(booking, CONFIRMED)

    assert {one["status"] for one in items(system, "ticket") + items(system, "issue")} == {"REJECTED"}


@pytest.mark.moto
def test_giving_up_after_all_was_well_rejects_nothing(system: System) -> None:
    events, seen = env.client("dynamodb").meta.events, list[int]()

    def lose_the_second_reply(**_: Any) -> None:
        seen.append(1)
        if len(seen) == 2:
            raise ConnectionError

    events.register("after-call.dynamodb.TransactWriteItems", lose_the_second_reply)
    answer = system.deliver(confirmed(), CONFIRMED, tries=7)
    events.unregister("after-call.dynamodb.TransactWriteItems", lose_the_second_reply)

    assert len(seen) > 2
    assert not answer[CONFIRMED]["batchItemFailures"]
    assert {one["status"] for one in items(system, "ticket") + items(system, "issue")} == {"CREATED"}


def test_the_copy_of_an_event_is_the_newest_in_any_order() -> None:
    messages = [terms(), terms(EventChanged, event_version=2, name="Moved"), terms(EventChanged, event_version=3)]

    def arriving(order: tuple[int, ...]) -> Callable[[System], None]:
        def play(system: System) -> None:
            for at in order:
                system.deliver(messages[at], "ticket.keep_event")

        return play

    ends = [tables(arriving(order)) for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1, 1, 0, 2))]

    assert all(one == ends[0] for one in ends)
    [copy] = ends[0]
    assert copy == {
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
        "organiser_id": ORGANISER,
        "staff": [STAFF],
    }
