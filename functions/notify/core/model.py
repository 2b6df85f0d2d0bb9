"""What a notification is, what it is about, and how it may change."""

from dataclasses import dataclass
from enum import StrEnum

from common import ids
from common.bus import BusEvent
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.payment import PaymentRefunded
from common.bus.ticket import TicketCreated
from common.statemachine import StateMachine

Telling = TicketCreated | BookingExpired | BookingFailed | BookingCancelled | PaymentRefunded


class Kind(StrEnum):
    TICKETS_CREATED = "tickets_created"
    BOOKING_EXPIRED = "booking_expired"
    BOOKING_FAILED = "booking_failed"
    BOOKING_CANCELLED = "booking_cancelled"
    PAYMENT_REFUNDED = "payment_refunded"


class State(StrEnum):
    PENDING = "PENDING"
    CREATED = "CREATED"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


class Trigger(StrEnum):
    SEND = "send"
    FAIL = "fail"  # the mail could not be sent: people must look
    DROP = "drop"  # what it was to tell is no longer so


# fmt: off
LIFECYCLE = StateMachine({
    (State.PENDING, Trigger.SEND): State.CREATED,
    (State.PENDING, Trigger.FAIL): State.FAILED,
    (State.PENDING, Trigger.DROP): State.DROPPED,
})
# fmt: on

_KINDS: dict[type[BusEvent], Kind] = {
    TicketCreated: Kind.TICKETS_CREATED,
    BookingExpired: Kind.BOOKING_EXPIRED,
    BookingFailed: Kind.BOOKING_FAILED,
    BookingCancelled: Kind.BOOKING_CANCELLED,
    PaymentRefunded: Kind.PAYMENT_REFUNDED,
}


@dataclass(frozen=True)
class Notification:
    """One thing that one person is told once."""

    id: str
    user_id: str
    kind: Kind
    booking_id: str
    payment_id: str | None = None

    @classmethod
    def of(cls, event: Telling) -> "Notification":
        """The same bus event gives the same notification, however often it comes; another one another."""
        kind, payment = _KINDS[type(event)], getattr(event, "payment_id", None)
        notification_id = ids.derive("notification", str(kind), event.bus_event_id)
        return cls(notification_id, event.user_id, kind, event.booking_id, payment)


@dataclass(frozen=True)
class Contact:
    """How a user is addressed. Personal data: it goes into mails and nowhere else."""

    email: str
    first_name: str
