"""Tickets, the tickets that a booking gets, and what a ticket's state allows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common import ids
from common.bus.booking import BookingConfirmed
from common.states.ticket import LIFECYCLE, TRANSFER_LIFECYCLE, State, TransferState, TransferTrigger, Trigger
from ticket.core.errors import AlreadyCheckedIn, NotIssued, TicketVoid

__all__ = [
    "LIFECYCLE",
    "TRANSFER_LIFECYCLE",
    "Issuance",
    "State",
    "Ticket",
    "TransferState",
    "TransferTrigger",
    "Trigger",
    "qr_payload_of",
    "require_admissible",
]


def require_admissible(ticket: Mapping[str, Any]) -> None:
    """Raise TicketVoid, AlreadyCheckedIn or NotIssued unless the ticket admits."""
    if ticket["status"] == State.VOID:
        raise TicketVoid
    if ticket["status"] == State.CHECKED_IN:
        raise AlreadyCheckedIn(checked_in_at=ticket["checked_in_at"])
    if ticket["status"] != State.CREATED:
        raise NotIssued(retry_after=1 if ticket["status"] == State.PENDING else None)


def qr_payload_of(ticket: Mapping[str, Any]) -> str:
    """The content of the ticket's QR code. Raises TicketVoid or NotIssued."""
    if ticket["status"] == State.VOID:
        raise TicketVoid
    if ticket["status"] in (State.PENDING, State.REJECTED):
        raise NotIssued(retry_after=1 if ticket["status"] == State.PENDING else None)
    return str(ticket["qr_payload"])


@dataclass(frozen=True)
class Ticket:
    """The right of one person to enter one event; a higher `serial` revokes the codes of lower ones."""

    id: str
    user_id: str
    booking_id: str
    booking_item_id: str
    event_type_id: str
    event_id: str
    serial: int = 1


@dataclass(frozen=True)
class Issuance:
    """All tickets of one booking, issued and published together."""

    booking_id: str
    buyer_id: str
    event_id: str
    tickets: tuple[Ticket, ...]

    @classmethod
    def from_booking(cls, booking: BookingConfirmed) -> "Issuance":
        """Deterministic: a redelivered message gives the same tickets."""
        quantities: Counter[str] = Counter()
        for item in booking.items:
            quantities[item.event_type_id] += item.qty
        tickets = tuple(
            _new_ticket(booking, event_type_id, index)
            for event_type_id, qty in sorted(quantities.items())
            for index in range(qty)
        )
        return cls(booking.booking_id, booking.user_id, booking.event_id, tickets)


def _new_ticket(booking: BookingConfirmed, event_type_id: str, index: int) -> Ticket:
    return Ticket(
        id=ids.derive("ticket", booking.booking_id, event_type_id, index),
        user_id=booking.user_id,
        booking_id=booking.booking_id,
        booking_item_id=ids.derive("booking-item", booking.booking_id, event_type_id),
        event_type_id=event_type_id,
        event_id=booking.event_id,
    )
