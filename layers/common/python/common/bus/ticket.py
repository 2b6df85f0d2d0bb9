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


class DoorEvent(BusEvent):
    source = "ticketing.ticket"
    ticket_id: str
    event_id: str
    booking_id: str = ""
    version: int = 0  # the ticket's: of two words about its admission the higher is the newer


class TicketCheckedIn(DoorEvent):
    """A door has admitted the ticket."""

    entity = "ticket"


class TicketCheckInUndone(DoorEvent):
    """The admission was taken back: the ticket admits as before."""

    entity = "ticket"


class TicketEvent(BusEvent):
    source = "ticketing.ticket"
    ticket_id: str
    booking_id: str
    event_id: str
    user_id: str


class TicketReissued(TicketEvent):
    """The owner's ticket has a new code; the one before admits nobody any more."""

    entity = "ticket"


class TicketOffered(BusEvent):
    """The owner offers the ticket to another user, who may accept it."""

    source = "ticketing.ticket"
    entity = "transfer"
    transfer_id: str
    ticket_id: str
    event_id: str
    user_id: str  # to whom it is offered
    from_user_id: str


class TicketTransferred(TicketEvent):
    """The ticket is another user's from here on, under this id; the one before admits nobody any more."""

    entity = "ticket"
    from_user_id: str
    from_ticket_id: str = ""  # the one before
