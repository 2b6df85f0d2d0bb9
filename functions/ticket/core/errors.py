"""Why ticket refuses."""

from common.problems import Conflict, Gone, Invalid, NotFound


class TicketUnknown(NotFound):
    """There is no such ticket, or it is not yours."""


class EventUnknown(NotFound):
    """There is no such event, or it is not yours."""


class UnknownCode(NotFound):
    """The code or QR content is not that of a valid ticket."""


class NotIssued(Conflict):
    """The ticket has no code: it is still being made, or was rejected."""


class TicketVoid(Conflict):
    """The ticket is void and admits nobody."""


class OtherEvent(Conflict):
    """The ticket is for another event."""


class EventCancelled(Conflict):
    """The event does not take place: its tickets admit nobody."""


class EventEnded(Conflict):
    """The event has been over for hours: its tickets admit nobody any more."""


class TooEarly(Conflict):
    """The doors are not open yet: tickets admit from `doors_at` on."""


class AlreadyCheckedIn(Conflict):
    """The ticket has been admitted before, at `checked_in_at`."""


class NonceReused(Invalid):
    """The nonce was used for another scan."""


class CheckInUnknown(NotFound):
    """There is no admission of yours with this nonce."""


class CheckInUndone(Gone):
    """The admission with this nonce was taken back: scan again with another nonce."""


# Why a scan is refused: the reasons that doors and their software know tickets by.
AT_THE_DOOR = (
    EventUnknown,
    UnknownCode,
    OtherEvent,
    EventCancelled,
    TicketVoid,
    AlreadyCheckedIn,
    EventEnded,
    TooEarly,
    NonceReused,
    CheckInUndone,
)


class AlreadyOffered(Conflict):
    """The ticket is offered to somebody: take that offer back first."""


class OfferedToOneself(Invalid):
    """The ticket is yours: offer it to somebody else."""


class TransferUnknown(NotFound):
    """There is no such offer, or it is neither yours nor made to you."""


class TransferOver(Gone):
    """The offer is not open any more: it was taken back or accepted."""
