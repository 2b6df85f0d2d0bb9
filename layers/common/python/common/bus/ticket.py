"""Bus events of ticket."""

from common.bus.base import BusEvent


class IssuanceEvent(BusEvent):
    source = "ticketing.ticket"
    booking_id: str
    user_id: str
    event_id: str


class TicketPending(IssuanceEvent):
    """The tickets of a confirmed booking are being issued."""

    entity = "booking"


class TicketCreated(IssuanceEvent):
    """All tickets of the booking are valid; one such bus event per booking."""

    entity = "booking"
    ticket_ids: tuple[str, ...]


class TicketRejected(IssuanceEvent):
    """The tickets of the booking cannot be issued: the booking is cancelled and refunded."""

    entity = "booking"
    reason: str


class TicketVoided(IssuanceEvent):
    """These tickets of the booking are void; all of them if `ticket_ids` is empty."""

    entity = "booking"
    ticket_ids: tuple[str, ...] = ()


class CheckInEvent(BusEvent):
    source = "ticketing.ticket"
    ticket_id: str
    event_id: str
    booking_id: str = ""
    version: int = 0  # of the ticket; the highest has the newest check-in state


class TicketCheckedIn(CheckInEvent):
    """The ticket was checked in."""

    entity = "ticket"


class TicketCheckInUndone(CheckInEvent):
    """The check-in was undone: the ticket is valid again."""

    entity = "ticket"


class TicketEvent(BusEvent):
    source = "ticketing.ticket"
    ticket_id: str
    booking_id: str
    event_id: str
    user_id: str


class TicketReissued(TicketEvent):
    """The ticket has a new code; the previous code is invalid."""

    entity = "ticket"


class TicketOffered(BusEvent):
    """The owner offers the ticket to another user."""

    source = "ticketing.ticket"
    entity = "transfer"
    transfer_id: str
    ticket_id: str
    event_id: str
    user_id: str  # the recipient
    from_user_id: str


class TicketTransferred(TicketEvent):
    """The ticket was transferred to `user_id` under a new id; the previous ticket is void."""

    entity = "ticket"
    from_user_id: str
    from_ticket_id: str = ""  # the previous ticket
