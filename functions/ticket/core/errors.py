"""Errors of the ticket service."""

from common.idempotency import IdempotencyKeyReused
from common.problems import Conflict, Gone, NotFound, Unprocessable


class TicketNotFound(NotFound):
    """There is no such ticket, or it is not yours."""


class EventNotFound(NotFound):
    """There is no such event, or it is not yours."""


class CodeNotFound(NotFound):
    """The code or QR content is not that of a valid ticket."""


class NotIssued(Conflict):
    """The ticket has no code: it is still being made, or was rejected."""


class TicketVoid(Conflict):
    """The ticket is void and admits nobody."""


class WrongEvent(Conflict):
    """The ticket is for another event."""


class EventCancelled(Conflict):
    """The event does not take place: its tickets admit nobody."""


class DoorsClosed(Conflict):
    """The event has been over for hours: its tickets admit nobody any more."""


class DoorsNotOpen(Conflict):
    """The doors are not open yet: tickets admit from `doors_at` on."""


class AlreadyCheckedIn(Conflict):
    """The ticket has been admitted before, at `checked_in_at`."""


class NonceReused(Unprocessable):
    """The nonce was used for another scan."""


class CheckInNotFound(NotFound):
    """There is no admission of yours with this nonce."""


class CheckInUndone(Gone):
    """The admission with this nonce was taken back: scan again with another nonce."""


# Every reason for which a scan is rejected.
CHECK_IN_ERRORS = (
    EventNotFound,
    CodeNotFound,
    WrongEvent,
    EventCancelled,
    TicketVoid,
    AlreadyCheckedIn,
    DoorsClosed,
    DoorsNotOpen,
    NonceReused,
    CheckInUndone,
)


class TransferPending(Conflict):
    """The ticket is offered to somebody: take that offer back first."""


class TransferToSelf(Unprocessable):
    """The ticket is yours: offer it to somebody else."""


class TransferNotFound(NotFound):
    """There is no such offer, or it is neither yours nor made to you."""


class TransferClosed(Gone):
    """The offer is not open any more: it was taken back or accepted."""


TRANSFER_ERRORS = (
    TicketNotFound,
    NotIssued,
    TicketVoid,
    AlreadyCheckedIn,
    TransferPending,
    TransferToSelf,
    IdempotencyKeyReused,
)
