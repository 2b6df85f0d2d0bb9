"""What a ticket is, which tickets a booking gets, and how they may change."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common import ids
from common.bus.booking import BookingConfirmed
from common.states.ticket import LIFECYCLE, OFFERS, Answer, Offer, State, Trigger
from ticket.core.errors import AlreadyCheckedIn, NotIssued, TicketVoid

__all__ = ["LIFECYCLE", "OFFERS", "Answer", "Issue", "Offer", "State", "Ticket", "Trigger", "admissible"]


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
