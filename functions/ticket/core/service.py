"""Making tickets for confirmed bookings and voiding those of cancelled ones.

Whatever order they arrive in: a confirmation writes the issue and then looks whether the booking
is cancelled; a cancellation writes that it is and then looks for the issue. One of them sees the
other, so no ticket of a cancelled booking stays valid.
"""

from dataclasses import asdict

from common import clock, env, log
from common.bus.booking import BookingConfirmed
from common.store import Item
from ticket.core import issues, repository, signature
from ticket.core.errors import NotIssued, TicketVoid
from ticket.core.model import LIFECYCLE, Issue, State, Ticket, Trigger


def issue(booking: BookingConfirmed) -> None:
    """PENDING in one transaction, signed and CREATED in the next; a repetition goes on where it ended."""
    new = Issue.of(booking)
    if issues.begin(new) is not State.PENDING:
        return
    if issues.is_cancelled(new.booking_id):
        void(new.booking_id)
    elif _event_is_cancelled(new.event_id):
        reject(new, "event_cancelled")
    elif issues.finish(new, {one.id: _shown(one) for one in new.tickets}):
        log.count("TicketsIssued", len(new.tickets))


def give_up(booking: BookingConfirmed) -> None:
    """The tickets could not be made in all the tries: the booking is to be undone."""
    if reject(Issue.of(booking), "not_issued"):
        log.count("IssuesGivenUp")


def reject(new: Issue, reason: str) -> bool:
    """The booking gets no tickets; False if that is decided already."""
    rejected = issues.reject(new, reason)
    if rejected:
        log.count("TicketsRejected", len(new.tickets))
    return rejected


def cancel(booking_id: str) -> None:
    """The booking is cancelled: its tickets, made or yet to be made, admit nobody."""
    issues.remember_cancelled(booking_id)
    void(booking_id)


def void(booking_id: str) -> None:
    found = issues.find(booking_id)
    if found and LIFECYCLE.allows(State(found["status"]), Trigger.VOID) and issues.void(found):
        log.count("TicketsVoided", len(found["ticket_ids"]))


def shown_payload(ticket: Item) -> str:
    """What the ticket's QR code holds. Raises TicketVoid or NotIssued."""
    if ticket["status"] == State.VOID:
        raise TicketVoid
    if ticket["status"] in (State.PENDING, State.REJECTED):
        raise NotIssued(retry_after=1 if ticket["status"] == State.PENDING else None)
    return str(ticket["qr_payload"])


def shown_event(ticket: Item) -> Item:
    """The event that a valid ticket is for. Raises TicketVoid or NotIssued."""
    shown_payload(ticket)
    event = repository.event(ticket["event_id"])
    if event is None:
        raise NotIssued(retry_after=1)  # its copy is on the way
    return event


def _event_is_cancelled(event_id: str) -> bool:
    # The copy is not needed for signing; one that has not arrived yet holds up nothing.
    copy = repository.event(event_id)
    return bool(copy and copy["status"] == "CANCELLED")


def _shown(ticket: Ticket) -> dict[str, str]:
    shown = signature.shown(env.secret("ticket-seed"), asdict(ticket), ticket.serial)
    return shown | {"issued_at": clock.iso(clock.now())}
