"""Notifications, their kinds, delivery rules and state machine, and contacts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from common.bus.base import Locale
from common.states.notify import LIFECYCLE, State, Trigger

__all__ = ["DELIVERY_RULES", "LIFECYCLE", "Contact", "DeliveryRule", "Kind", "Notification", "State", "Trigger"]


class Kind(StrEnum):
    TICKETS_CREATED = "tickets_created"
    TICKET_OFFERED = "ticket_offered"
    TICKET_RECEIVED = "ticket_received"
    TICKET_GIVEN = "ticket_given"
    TICKET_REISSUED = "ticket_reissued"
    TICKET_VOIDED = "ticket_voided"
    BOOKING_EXPIRED = "booking_expired"
    BOOKING_FAILED = "booking_failed"
    BOOKING_CANCELLED = "booking_cancelled"
    PAYMENT_REFUNDED = "payment_refunded"
    EVENT_CHANGED = "event_changed"
    EVENT_REMINDER = "event_reminder"


@dataclass(frozen=True)
class DeliveryRule:
    """`is_mandatory`: e-mailed regardless of settings. `has_tickets`: carries tickets, can be resent after delivery."""

    is_mandatory: bool
    has_tickets: bool = False


# fmt: off
DELIVERY_RULES: Mapping[Kind, DeliveryRule] = {
    Kind.TICKETS_CREATED:   DeliveryRule(is_mandatory=True, has_tickets=True),
    Kind.TICKET_RECEIVED:   DeliveryRule(is_mandatory=True, has_tickets=True),
    Kind.TICKET_REISSUED:   DeliveryRule(is_mandatory=True, has_tickets=True),
    Kind.TICKET_GIVEN:      DeliveryRule(is_mandatory=True),
    Kind.TICKET_VOIDED:     DeliveryRule(is_mandatory=True),
    Kind.BOOKING_EXPIRED:   DeliveryRule(is_mandatory=True),
    Kind.BOOKING_FAILED:    DeliveryRule(is_mandatory=True),
    Kind.BOOKING_CANCELLED: DeliveryRule(is_mandatory=True),
    Kind.PAYMENT_REFUNDED:  DeliveryRule(is_mandatory=True),
    Kind.TICKET_OFFERED:    DeliveryRule(is_mandatory=False),  # senders can create any number of offers
    Kind.EVENT_CHANGED:     DeliveryRule(is_mandatory=False),
    Kind.EVENT_REMINDER:    DeliveryRule(is_mandatory=False),
}
# fmt: on


@dataclass(frozen=True)
class Notification:
    """A notification for one user; `facts` are template values without personal data."""

    id: str
    user_id: str
    kind: Kind
    booking_id: str | None = None
    event_id: str | None = None
    payment_id: str | None = None
    ticket_id: str | None = None
    transfer_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contact:
    """How to reach and address a user. Personal data: used in e-mails only."""

    email: str
    first_name: str
    locale: Locale = "en"
    channels: tuple[str, ...] = ("email",)

    def wants_email(self, kind: Kind) -> bool:
        """Whether notifications of this kind are e-mailed to the user."""
        return DELIVERY_RULES[kind].is_mandatory or "email" in self.channels
