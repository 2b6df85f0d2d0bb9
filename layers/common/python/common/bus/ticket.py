"""What ticket tells the others."""

from common.bus.base import BusEvent


class IssueEvent(BusEvent):
    source = "ticketing.ticket"
    booking_id: str
    user_id: str
    event_id: str


class TicketPending(IssueEvent):
    """A confirmed booking's tickets are being made."""

    entity = "booking"


class TicketCreated(IssueEvent):
    """All tickets of the booking are valid; one such bus event per booking."""

    entity = "booking"
    ticket_ids: tuple[str, ...]


class TicketRejected(IssueEvent):
    """The booking's tickets cannot be made: it is cancelled and refunded."""

    entity = "booking"
    reason: str


class TicketVoided(IssueEvent):
    """These tickets of the booking admit nobody any more; all of them if none is named."""

    entity = "booking"
    ticket_ids: tuple[str, ...] = ()


class TicketCheckedIn(BusEvent):
    """A door has admitted the ticket."""

    source = "ticketing.ticket"
    entity = "ticket"
    ticket_id: str
    event_id: str
