"""HTTP requests, bus events and stored items for tests of tickets."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from common import ids
from common.bus.booking import BookedItem, BookingCancelled, BookingConfirmed
from common.bus.events import EventChanged, EventPublished, TypeTerms
from common.rpc.ticket import RenderTicketsResponse
from infra import topology
from reconcile.core.history_checks import histories_follow_state_machine
from reconcile.core.ticket_checks import door_counts_match_tickets, tickets_admit_once
from tests.support.faults.aws_errors import interleaved
from tests.support.faults.fault_points import ServiceCall
from tests.support.system.in_memory_system import RUNNING_SYSTEMS
from tests.support.system.system import HttpResponse, Person, System

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENT, FLOOR, BALCONY = (ids.derive("test", name) for name in ("event", "floor", "balcony"))
OTHER_EVENT = ids.derive("test", "other event")
ORGANISER_ID, STAFF_ID = ids.derive("test", "organiser"), ids.derive("test", "staff")
STAFF, ORGANISER, ADMIN = Person(user_id=STAFF_ID), Person("organiser", user_id=ORGANISER_ID), Person("admin")
OWNER, RECIPIENT = Person(), Person()
ON_CONFIRMED, ON_CANCELLED = "ticket.on_booking_confirmed", "ticket.on_booking_cancelled"
DETAILS = {"holder_name": "Ada Lovelace", "seat": "Row 3, 12", "note": "wheelchair"}
ACTIONS = ("reissue", "void")
INVARIANTS = (door_counts_match_tickets, histories_follow_state_machine, tickets_admit_once)


def envelope() -> dict[str, Any]:
    """The fields that all bus events have."""
    return {"bus_event_id": str(uuid.uuid4()), "occurred_at": NOW, "correlation_id": "journey", "causation_id": "cause"}


def booking_confirmed(qty: int = 2, *, event_id: str = EVENT, user_id: str | None = None) -> BookingConfirmed:
    booking: dict[str, Any] = {
        "booking_id": str(uuid.uuid4()),
        "user_id": user_id or str(uuid.uuid4()),
        "event_id": event_id,
    }
    items = (BookedItem(event_type_id=FLOOR, qty=qty, unit_price=4500),)
    return BookingConfirmed(**envelope(), **booking, items=items, prices=4500 * qty, currency="EUR")


def booking_cancelled(booking: BookingConfirmed) -> BookingCancelled:
    same = booking.model_dump(include={"booking_id", "user_id", "event_id"})
    return BookingCancelled(**envelope(), **same, reason="buyer")


def event_terms(event_class: type[EventPublished | EventChanged] = EventPublished, **changes: Any) -> Any:
    """EventPublished or EventChanged of the test event."""
    types = tuple(
        TypeTerms(id=one, name=name, prices=4500, currency="EUR", capacity=9, status="ON_SALE")
        for one, name in ((FLOOR, "Floor"), (BALCONY, "Balcony"))
    )
    event = {
        "event_id": EVENT, "terms_version": 1, "event_version": 1, "organiser_id": ORGANISER_ID, "staff": (STAFF_ID,),
        "name": "Élan, Vital", "venue": "Große Halle", "city": "Zürich", "zone": "Europe/Zurich", "types": types,
        "status": "PUBLISHED",
        "starts_at": datetime(2026, 6, 1, 18, tzinfo=UTC), "ends_at": datetime(2026, 6, 1, 21, tzinfo=UTC),
        "max_per_user": 4, "hold_seconds": 600,
    }  # fmt: skip
    return event_class(**envelope() | event | changes)


def issue_tickets(system: System, qty: int = 1) -> Any:
    """Issue tickets of one booking to the owner. Returns BookingConfirmed."""
    booking = booking_confirmed(qty, user_id=OWNER.user_id)
    system.deliver(booking, ON_CONFIRMED)
    return booking


def issue_single_ticket(system: System) -> dict[str, Any]:
    """Publish two events and issue one ticket of the first. Returns its item."""
    system.deliver(event_terms(), "ticket.on_event_changed")
    system.deliver(event_terms(event_id=OTHER_EVENT), "ticket.on_event_changed")
    system.deliver(booking_confirmed(1), ON_CONFIRMED)
    return stored_items(system, "ticket")[0]


def render_tickets(system: System, booking_id: str) -> RenderTicketsResponse:
    return RenderTicketsResponse.model_validate(system.invoke("ticket.render_tickets", {"booking_id": booking_id}))


def check_in(
    system: System, code: str, *, by: Person = STAFF, nonce: str = "nonce-01", event_id: str = EVENT, **more: Any
) -> HttpResponse:
    return system.http("POST /v1/check-ins", {"event_id": event_id, "code": code, "nonce": nonce} | more, by=by)


def undo_check_in(system: System, *, by: Person = STAFF, nonce: str = "nonce-01") -> HttpResponse:
    return system.http(f"POST /v1/check-ins/{nonce}/undo", by=by)


def get_door(system: System, *, by: Person = STAFF, event_id: str = EVENT, if_none_match: str = "none") -> HttpResponse:
    return system.http(f"GET /v1/events/{event_id}/door", by=by, headers={"If-None-Match": if_none_match})


def act_on_ticket(system: System, action: str, ticket: dict[str, Any], *, by: Person = ORGANISER) -> HttpResponse:
    return system.http(f"POST /v1/tickets/{ticket['id']}/{action}", by=by)


def update_ticket(
    system: System,
    ticket: dict[str, Any],
    details: dict[str, Any],
    *,
    by: Person = ORGANISER,
    if_match: str | None = "*",
) -> HttpResponse:
    headers = {"If-Match": if_match} if if_match else {}
    return system.http(f"PUT /v1/tickets/{ticket['id']}", details, by=by, headers=headers)


def get_ticket(system: System, ticket: dict[str, Any], by: Person = OWNER) -> dict[str, Any]:
    body: dict[str, Any] = system.http(f"GET /v1/tickets/{ticket['id']}", by=by).json
    return body


def get_document(system: System, kind: str, *, by: Person = OWNER) -> HttpResponse:
    """Get the PDF or calendar file of the only ticket."""
    [stored] = stored_items(system, "ticket")
    return system.http(f"GET /v1/tickets/{stored['id']}/{kind}", by=by)


def create_transfer(
    system: System, ticket: dict[str, Any], *, by: Person = OWNER, to: str = RECIPIENT.user_id, key: str | None = None
) -> HttpResponse:
    return system.http(f"POST /v1/tickets/{ticket['id']}/transfer", {"to_user_id": to}, by=by, key=key)


def cancel_transfer(system: System, ticket: dict[str, Any], *, by: Person = OWNER) -> HttpResponse:
    return system.http(f"DELETE /v1/tickets/{ticket['id']}/transfer", by=by)


def accept_transfer(system: System, offered: HttpResponse | str, *, by: Person = RECIPIENT) -> HttpResponse:
    transfer_id = offered if isinstance(offered, str) else offered.json["id"]
    return system.http(f"POST /v1/transfers/{transfer_id}/accept", by=by)


def stored_items(system: System, sk: str) -> list[dict[str, Any]]:
    """The items of this kind in the tickets table."""
    return [one for one in system.scan(topology.TICKETS) if one["sk"] == sk]


def stored_ticket(system: System, ticket: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in stored_items(system, "ticket") if one["id"] == ticket["id"])


def violations(system: System) -> list[str]:
    """The invariants of tickets that the stored items violate."""
    tables = {"tickets": system.scan(topology.TICKETS)}
    return [violation for check in INVARIANTS for violation in check(tables)]


class ProcessDied(BaseException):
    """The process ends here; no handler catches a BaseException."""


@contextmanager
def crash_after(operation: str, *, after: int = 1) -> Iterator[None]:
    """End the process after the `after`-th call of this operation; fails if there is no such call."""
    system, calls = RUNNING_SYSTEMS[-1], list[int]()

    def die(call: ServiceCall) -> None:
        calls.extend([1] * (call.operation == operation))
        if len(calls) == after:
            raise ProcessDied

    previous_hook, system.after_call = system.after_call, die
    try:
        with pytest.raises(ProcessDied):
            yield
    finally:
        system.after_call = previous_hook


@contextmanager
def interleaved_before_write(action: Callable[[], object]) -> Iterator[None]:
    """Run the action between the scan's reads and its write; fails if there is no write."""
    with interleaved("TransactWriteItems", action) as calls:
        yield
    assert calls


@contextmanager
def interleaved_between_reads(first_kind: str, second_kind: str, action: Callable[[], object]) -> Iterator[None]:
    """Run the action after the first item is read and before the second is; fails if that never happens."""
    system, read = RUNNING_SYSTEMS[-1], list[str]()
    before = system.before_call

    def first(call: Any) -> None:
        before(call)
        read.extend(call.targets if call.operation == "GetItem" else ())
        if read[-2:] == [f"tickets/{first_kind}", f"tickets/{second_kind}"]:
            system.before_call = before
            action()

    system.before_call = first
    yield
    assert system.before_call == before
