"""From a bus event to what people are told of it."""

from typing import Any

from common import ids
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.payment import PaymentRefunded
from common.bus.ticket import TicketCreated, TicketOffered, TicketReissued, TicketTransferred, TicketVoided
from notify.core.model import Kind, Notification

Telling = (
    TicketCreated
    | TicketOffered
    | TicketTransferred
    | TicketReissued
    | TicketVoided
    | BookingExpired
    | BookingFailed
    | BookingCancelled
    | PaymentRefunded
)
_KINDS: dict[type[Telling], Kind] = {
    TicketCreated: Kind.TICKETS_CREATED,
    TicketOffered: Kind.TICKET_OFFERED,
    TicketTransferred: Kind.TICKET_RECEIVED,
    TicketReissued: Kind.TICKET_REISSUED,
    TicketVoided: Kind.TICKET_VOIDED,
    BookingExpired: Kind.BOOKING_EXPIRED,
    BookingFailed: Kind.BOOKING_FAILED,
    BookingCancelled: Kind.BOOKING_CANCELLED,
    PaymentRefunded: Kind.PAYMENT_REFUNDED,
}
_ABOUT = ("booking_id", "event_id", "payment_id", "ticket_id", "transfer_id")
_FACTS = ("reason", "refund", "message", "amount", "currency", "prices", "refunded", "ticket_ids", "from_user_id")


def of(event: Telling) -> list[Notification]:
    """What is to be told to whom. A booking's tickets that end with it are told of with the booking."""
    if isinstance(event, TicketVoided) and not event.ticket_ids:
        return []
    told = [_told(event, _KINDS[type(event)], event.user_id)]
    if isinstance(event, TicketTransferred):
        told.append(_told(event, Kind.TICKET_GIVEN, event.from_user_id, to_user_id=event.user_id))
    return told


def _told(event: Telling, kind: Kind, user_id: str, **more: str) -> Notification:
    # The same bus event gives the same notification, however often it comes; another one another.
    notification_id = ids.derive("notification", str(kind), event.bus_event_id)
    about = {name: getattr(event, name) for name in _ABOUT if hasattr(event, name)}
    facts: dict[str, Any] = {name: getattr(event, name) for name in _FACTS if getattr(event, name, None) is not None}
    return Notification(notification_id, user_id, kind, **about, facts=facts | more)
