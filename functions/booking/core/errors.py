"""How booking refuses."""

from collections.abc import Sequence

from common.idempotency import KeyReused
from common.problems import Conflict, Invalid, NotFound


class BookingUnknown(NotFound):
    """There is no such booking, or it is not yours."""


class EventUnknown(NotFound):
    """There is no such event on sale; a moment after its publication it may be known."""

    def __init__(self) -> None:
        super().__init__(pointer="/event_id", retry_after=1)


class EventTypeUnknown(Invalid):
    """The event has no such type."""

    def __init__(self, event_type_id: str) -> None:
        super().__init__(f"The event has no type {event_type_id}.", pointer="/items", event_type_id=event_type_id)


class TypeNeeded(Invalid):
    """The event has several types on sale: say which, in `items`."""

    def __init__(self) -> None:
        super().__init__(pointer="/number_slot")


class SoldOut(Conflict):
    """Fewer places are free than were asked for."""

    def __init__(self, short: Sequence[tuple[str, int]]) -> None:
        """`short`: event type and how many places of it are free."""
        super().__init__(short=[{"event_type_id": type_id, "available": left} for type_id, left in short])


class LimitReached(Conflict):
    """The event allows each person only so many places."""

    def __init__(self, max_per_user: int, held: int = 0) -> None:
        super().__init__(
            f"At most {max_per_user} places per person; {held} are yours already.",
            max_per_user=max_per_user,
            held=held,
        )


class NotOnSale(Conflict):
    """The event or the type is not on sale, or the event is over."""


class TermsChanging(Conflict):
    """The event's terms are changing at this moment: read them again and repeat."""

    def __init__(self) -> None:
        super().__init__(retry_after=1)


class NotCancellable(Conflict):
    """Only a booking that waits for its payment can be cancelled."""


ORDER_REFUSALS = (
    EventUnknown,
    EventTypeUnknown,
    TypeNeeded,
    KeyReused,
    SoldOut,
    LimitReached,
    NotOnSale,
    TermsChanging,
)
