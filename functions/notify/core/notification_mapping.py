"""Map bus events to notifications."""

from typing import Any

from common import ids
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.payment import PaymentRefunded
from common.bus.ticket import TicketCreated, TicketOffered, TicketReissued, TicketTransferred, TicketVoided
from notify.core.model import Kind, Notification

NotifiableEvent = (
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
_KINDS: dict[type[NotifiableEvent], Kind] = {
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
_REFERENCE_FIELDS = ("booking_id", "event_id", "payment_id", "ticket_id", "transfer_id")
_FACT_FIELDS = ("reason", "refund", "message", "amount", "currency", "prices", "refunded", "ticket_ids", "from_user_id")


def notifications_for(event: NotifiableEvent) -> list[Notification]:
    """Return the notifications for a bus event; none for tickets voided with their booking, which has its own."""
    if isinstance(event, TicketVoided) and not event.ticket_ids:
        return []
    notifications = [_notification(event, _KINDS[type(event)], event.user_id)]
    if isinstance(event, TicketTransferred):
        notifications.append(_notification(event, Kind.TICKET_GIVEN, event.from_user_id, to_user_id=event.user_id))
    return notifications


def _notification(event: NotifiableEvent, kind: Kind, user_id: str, **extra_facts: str) -> Notification:
    # Derived ids: a redelivered bus event yields the same notification, another bus event another one.
    notification_id = ids.derive("notification", str(kind), event.bus_event_id)
    references = {name: getattr(event, name) for name in _REFERENCE_FIELDS if hasattr(event, name)}
    facts: dict[str, Any] = {
        name: getattr(event, name) for name in _FACT_FIELDS if getattr(event, name, None) is not None
    }
    return Notification(notification_id, user_id, kind, **references, facts=facts | extra_facts)
