"""What a notification is, how it may change, and which ones nobody can decline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from common.bus.base import Locale
from common.states.notify import LIFECYCLE, State, Trigger

__all__ = ["LIFECYCLE", "RULES", "Contact", "Kind", "Notification", "Rule", "State", "Trigger"]


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
class Rule:
    """`always`: mailed whatever the settings say. `tickets`: it carries tickets, and is sent again to who asks."""

    always: bool
    tickets: bool = False


# fmt: off
RULES: Mapping[Kind, Rule] = {
    Kind.TICKETS_CREATED:   Rule(always=True, tickets=True),
    Kind.TICKET_RECEIVED:   Rule(always=True, tickets=True),
    Kind.TICKET_REISSUED:   Rule(always=True, tickets=True),
    Kind.TICKET_GIVEN:      Rule(always=True),
    Kind.TICKET_VOIDED:     Rule(always=True),
    Kind.BOOKING_EXPIRED:   Rule(always=True),
    Kind.BOOKING_FAILED:    Rule(always=True),
    Kind.BOOKING_CANCELLED: Rule(always=True),
    Kind.PAYMENT_REFUNDED:  Rule(always=True),
    Kind.TICKET_OFFERED:    Rule(always=False),  # others can make any number of them
    Kind.EVENT_CHANGED:     Rule(always=False),
    Kind.EVENT_REMINDER:    Rule(always=False),
}
# fmt: on


@dataclass(frozen=True)
class Notification:
    """One thing that one person is told once; `facts` are what the words need, and nothing personal."""

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
    """How a user is addressed. Personal data: it goes into mails and nowhere else."""

    email: str
    first_name: str
    locale: Locale = "en"
    channels: tuple[str, ...] = ("email",)

    def wants(self, kind: Kind) -> bool:
        """Whether it is to be mailed."""
        return RULES[kind].always or "email" in self.channels
