"""Errors of booking; each docstring is the problem's public description."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from common.idempotency import IdempotencyKeyReused
from common.problems import Conflict, Gone, NotFound, Unprocessable


class BookingNotFound(NotFound):
    """There is no such booking, or it is not yours."""


class EventNotFound(NotFound):
    """There is no such event on sale, or it is not yours; a moment after its publication it may be known."""

    def __init__(self) -> None:
        super().__init__(pointer="/event_id", retry_after=1)


class EventTypeNotFound(NotFound):
    """The event has no such type."""


class EventNotPublished(Conflict):
    """The type is not on sale: of a draft, PUT /v1/events/{event_id}/types/{type_id} changes the capacity."""

    def __init__(self, *, published: bool) -> None:
        # Booking's copy follows the publication within a moment.
        super().__init__(retry_after=1 if published else None)


class CancellationNotFound(NotFound):
    """The event is not being cancelled; a moment after the call that cancels it, it is."""

    def __init__(self) -> None:
        super().__init__(retry_after=1)


class NotCancellable(Conflict):
    """The booking has ended already: there is nothing to be cancelled."""


class NotRefundable(Conflict):
    """The event's terms do not let a confirmed booking be given back, or not any more."""

    def __init__(self, percent: int, refundable_until: datetime) -> None:
        super().__init__(refund_percent=percent, refundable_until=refundable_until.isoformat())


class TicketUsed(Conflict):
    """A ticket of the booking has been admitted at the door: only the event's organiser can undo the booking."""

    def __init__(self, ticket_ids: Sequence[str]) -> None:
        super().__init__(ticket_ids=list(ticket_ids))


class TicketTransferred(Conflict):
    """A ticket of the booking is somebody else's by now: only the event's organiser can undo the booking."""

    def __init__(self, ticket_ids: Sequence[str]) -> None:
        super().__init__(ticket_ids=list(ticket_ids))


class NotExtendable(Conflict):
    """Only a booking that waits for its payment can be held longer."""


class AlreadyExtended(Conflict):
    """A hold is extended once only, and this one has been."""


class HoldAtMaximum(Conflict):
    """The hold lasts as long as it may: no hold outlasts 30 minutes or the sale."""


class HoldExpired(Gone):
    """The time to pay is over."""


class CapacityBelowSold(Conflict):
    """More places are held or sold than there would be."""

    def __init__(self, taken: int) -> None:
        super().__init__(f"{taken} places are held or sold.", pointer="/capacity", taken=taken)


class Shortage(NamedTuple):
    """An event type with fewer places available than requested."""

    event_type_id: str
    requested: int
    available: int
    capacity: int

    def to_member(self) -> dict[str, Any]:
        """The entry in the problem's `unavailable` member."""
        return {"event_type_id": self.event_type_id, "available": self.available}


class InvalidEventType(Unprocessable):
    """The event has no such type to be ordered."""

    def __init__(self, event_type_id: str) -> None:
        super().__init__(f"The event has no type {event_type_id}.", pointer="/items", event_type_id=event_type_id)


class EventTypeRequired(Unprocessable):
    """The event has several types on sale: say which, in `items`."""

    def __init__(self) -> None:
        super().__init__(pointer="/number_slot")


class SoldOut(Conflict):
    """Fewer places are free than were asked for, and those that are held would not be enough either."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        self.shortages = tuple(shortages)
        super().__init__(unavailable=[one.to_member() for one in shortages])


class AllHeld(Conflict):
    """Fewer places are free than were asked for, but others hold some that may return: try again later."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        super().__init__(unavailable=[one.to_member() for one in shortages])


class LimitReached(Conflict):
    """The event allows each person only so many places."""

    def __init__(self, max_per_user: int, held: int = 0) -> None:
        super().__init__(
            f"At most {max_per_user} places per person; {held} are yours already.",
            max_per_user=max_per_user,
            held=held,
        )


class NotOnSale(Conflict):
    """The event is cancelled, or the sale of the type is paused."""


class NotOnSaleYet(Conflict):
    """The sale of the type has not begun."""

    def __init__(self, sale_from: datetime) -> None:
        super().__init__(f"On sale from {sale_from.isoformat()} on.", sale_from=sale_from.isoformat())


class SaleEnded(Gone):
    """The sale of the type, or of the whole event, is over."""

    def __init__(self, ended_at: datetime | None = None) -> None:
        super().__init__()
        self.members |= {"ended_at": ended_at.isoformat()} if ended_at else {}


class TermsConflict(Conflict):
    """The event's terms are changing at this moment: read them again and repeat."""

    def __init__(self) -> None:
        super().__init__(retry_after=1)


ORDER_ERRORS = (
    EventNotFound,
    InvalidEventType,
    EventTypeRequired,
    IdempotencyKeyReused,
    SoldOut,
    AllHeld,
    LimitReached,
    NotOnSale,
    NotOnSaleYet,
    SaleEnded,
    TermsConflict,
)
