"""How booking refuses."""

from collections.abc import Sequence
from datetime import datetime

from common.problems import Conflict, Gone, NotFound


class BookingUnknown(NotFound):
    """There is no such booking, or it is not yours."""


class EventUnknown(NotFound):
    """There is no such event on sale, or it is not yours; a moment after its publication it may be known."""

    def __init__(self) -> None:
        super().__init__(pointer="/event_id", retry_after=1)


class TypeUnknown(NotFound):
    """The event has no such type."""


class NotPublishedYet(Conflict):
    """The type is not on sale: of a draft, PUT /v1/events/{event_id}/types/{type_id} changes the capacity."""

    def __init__(self, *, published: bool) -> None:
        # What has just been published is sold a moment later.
        super().__init__(retry_after=1 if published else None)


class CancellationUnknown(NotFound):
    """The event is not being cancelled; a moment after the call that cancels it, it is."""

    def __init__(self) -> None:
        super().__init__(retry_after=1)


class NotCancellable(Conflict):
    """The booking has ended already: there is nothing to be cancelled."""


class NotRefundable(Conflict):
    """The event's terms do not let a confirmed booking be given back, or not any more."""

    def __init__(self, percent: int, until: datetime) -> None:
        super().__init__(refund_percent=percent, refundable_until=until.isoformat())


class TicketUsed(Conflict):
    """A ticket of the booking has been admitted at the door: only the event's organiser can undo the booking."""

    def __init__(self, ticket_ids: Sequence[str]) -> None:
        super().__init__(ticket_ids=list(ticket_ids))


class TicketPassedOn(Conflict):
    """A ticket of the booking is somebody else's by now: only the event's organiser can undo the booking."""

    def __init__(self, ticket_ids: Sequence[str]) -> None:
        super().__init__(ticket_ids=list(ticket_ids))


class NotExtendable(Conflict):
    """Only a booking that waits for its payment can be held longer."""


class AlreadyExtended(Conflict):
    """A hold is extended once only, and this one has been."""


class HoldAtItsLongest(Conflict):
    """The hold lasts as long as it may: no hold outlasts 30 minutes or the sale."""


class HoldOver(Gone):
    """The time to pay is over."""


class BelowTaken(Conflict):
    """More places are held or sold than there would be."""

    def __init__(self, taken: int) -> None:
        super().__init__(f"{taken} places are held or sold.", pointer="/capacity", taken=taken)
