"""What a ticket is, which tickets a booking gets, and how they may change."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common import ids
from common.bus.booking import BookingConfirmed
from common.statemachine import StateMachine
from ticket.core.errors import AlreadyCheckedIn, NotIssued, TicketVoid


class State(StrEnum):
    """Of a ticket; a booking's issue goes through the same, without the door."""

    PENDING = "PENDING"
    CREATED = "CREATED"
    REJECTED = "REJECTED"
    CHECKED_IN = "CHECKED_IN"
    VOID = "VOID"


class Offer(StrEnum):
    """Of a ticket to another person."""

    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    CANCELLED = "CANCELLED"


class Answer(StrEnum):
    """What becomes of an offer."""

    ACCEPT = "accept"
    RETRACT = "retract"


class Trigger(StrEnum):
    ISSUE = "issue"
    REJECT = "reject"
    ADMIT = "admit"
    UNDO = "undo"
    VOID = "void"


# fmt: off
LIFECYCLE = StateMachine({
    (State.PENDING,    Trigger.ISSUE):  State.CREATED,
    (State.PENDING,    Trigger.REJECT): State.REJECTED,
    (State.PENDING,    Trigger.VOID):   State.VOID,  # cancelled before it was signed
    (State.CREATED,    Trigger.ADMIT):  State.CHECKED_IN,
    (State.CHECKED_IN, Trigger.UNDO):   State.CREATED,
    (State.CREATED,    Trigger.VOID):   State.VOID,
    (State.CHECKED_IN, Trigger.VOID):   State.VOID,
})
OFFERS = StateMachine({
    (Offer.OFFERED, Answer.ACCEPT):  Offer.ACCEPTED,
    (Offer.OFFERED, Answer.RETRACT): Offer.CANCELLED,
})
# fmt: on


def admissible(ticket: Mapping[str, Any]) -> None:
    """Raises TicketVoid, AlreadyCheckedIn or NotIssued unless the ticket admits."""
    if ticket["status"] == State.VOID:
        raise TicketVoid
    if ticket["status"] == State.CHECKED_IN:
        raise AlreadyCheckedIn(checked_in_at=ticket["checked_in_at"])
    if ticket["status"] != State.CREATED:
        raise NotIssued(retry_after=1 if ticket["status"] == State.PENDING else None)


@dataclass(frozen=True)
class Ticket:
    """The right of one person to enter one event; a raised `serial` kills the codes before it."""

    id: str
    user_id: str
    booking_id: str
    booking_item_id: str
    event_type_id: str
    event_id: str
    serial: int = 1


@dataclass(frozen=True)
class Issue:
    """All tickets of one booking: made together, told of together."""

    booking_id: str
    buyer_id: str
    event_id: str
    tickets: tuple[Ticket, ...]

    @classmethod
    def of(cls, booking: BookingConfirmed) -> "Issue":
        """The same message gives the same tickets, whenever and however often it comes."""
        wanted: Counter[str] = Counter()
        for item in booking.items:
            wanted[item.event_type_id] += item.qty
        tickets = tuple(_ticket(booking, kind, at) for kind, qty in sorted(wanted.items()) for at in range(qty))
        return cls(booking.booking_id, booking.user_id, booking.event_id, tickets)


def _ticket(booking: BookingConfirmed, event_type_id: str, index: int) -> Ticket:
    return Ticket(
        id=ids.derive("ticket", booking.booking_id, event_type_id, index),
        user_id=booking.user_id,
        booking_id=booking.booking_id,
        booking_item_id=ids.derive("booking-item", booking.booking_id, event_type_id),
        event_type_id=event_type_id,
        event_id=booking.event_id,
    )
