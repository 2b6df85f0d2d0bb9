"""How booking refuses an order."""

from collections.abc import Sequence
from datetime import datetime

from booking.core.errors import EventUnknown
from booking.core.shortage import Short
from common.idempotency import KeyReused
from common.problems import Conflict, Gone, Invalid


class EventTypeUnknown(Invalid):
    """The event has no such type to be ordered."""

    def __init__(self, event_type_id: str) -> None:
        super().__init__(f"The event has no type {event_type_id}.", pointer="/items", event_type_id=event_type_id)


class TypeNeeded(Invalid):
    """The event has several types on sale: say which, in `items`."""

    def __init__(self) -> None:
        super().__init__(pointer="/number_slot")


class SoldOut(Conflict):
    """Fewer places are free than were asked for, and those that are held would not be enough either."""

    def __init__(self, short: Sequence[Short]) -> None:
        self.short = tuple(short)
        super().__init__(short=[one.shown() for one in short])


class AllHeld(Conflict):
    """Fewer places are free than were asked for, but others hold some that may return: try again later."""

    def __init__(self, short: Sequence[Short]) -> None:
        super().__init__(short=[one.shown() for one in short])


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


class TermsChanging(Conflict):
    """The event's terms are changing at this moment: read them again and repeat."""

    def __init__(self) -> None:
        super().__init__(retry_after=1)


ORDER_REFUSALS = (
    EventUnknown,
    EventTypeUnknown,
    TypeNeeded,
    KeyReused,
    SoldOut,
    AllHeld,
    LimitReached,
    NotOnSale,
    NotOnSaleYet,
    SaleEnded,
    TermsChanging,
)
