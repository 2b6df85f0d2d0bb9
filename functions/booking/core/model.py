"""The booking entity, its parts, and what became of its tickets."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from booking.core.sale_terms import Terms
from common.idempotency import IdempotentRequest
from common.states.booking import LIFECYCLE, State, Trigger

__all__ = [
    "EVENT_SHARDS",
    "HOLDING_STATES",
    "LIFECYCLE",
    "MAX_HOLD",
    "Booking",
    "Item",
    "State",
    "TicketUsage",
    "Trigger",
    "UsageByTicket",
    "checked_in_tickets",
    "event_shard_key",
    "transferred_tickets",
]

HOLDING_STATES = (State.PENDING, State.CONFIRMED)  # a booking in these states holds its places
MAX_HOLD = timedelta(minutes=30)  # since the order, extension included
EVENT_SHARDS = 4  # index keys over which the bookings of one event are spread


class _FrozenModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)


class Item(_FrozenModel):
    """Quantity and price of one event type; `shards` maps inventory shard to quantity if not all are from shard 0."""

    event_type_id: str
    qty: int
    unit_price: int
    shards: Mapping[str, int] | None = None


class TicketUsage(_FrozenModel):
    """What became of one ticket after the booking was confirmed."""

    version: int = 0  # the ticket's version at its latest check-in event
    checked_in: bool = False
    transferred: bool = False  # now held by another user
    superseded: bool = False  # replaced by another ticket in a transfer


UsageByTicket = Mapping[str, TicketUsage]


class Booking(_FrozenModel):
    """Places held or sold to a buyer; `logs` is the full history."""

    id: str
    user_id: str
    event_id: str
    status: State
    items: tuple[Item, ...]
    prices: int  # minor units, fees included
    currency: str
    pay_before: datetime
    idempotency_key: str | None = None
    request_hash: str
    payment_id: str | None = None  # the payment that was applied
    refund: int | None = None  # promised to the buyer on cancellation, minor units
    refunded: int = 0  # refunded so far, minor units
    refunded_as_of: int = 0  # the payment version that reported `refunded`
    ticket_usage: UsageByTicket = {}
    version: int = 1
    created_at: datetime
    updated_at: datetime
    logs: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """Parse a stored item."""
        return cls.model_validate(item)

    @classmethod
    def new(
        cls,
        user_id: str,
        terms: Terms,
        quantities: Mapping[str, int],
        *,
        idempotency: IdempotentRequest,
        idempotency_key: str | None,
        now: datetime,
    ) -> Self:
        """A new PENDING booking. Its id is derived from the idempotency key, so a retry cannot create a second one."""
        items = tuple(
            Item(event_type_id=one, qty=qty, unit_price=terms.types[one].prices)
            for one, qty in sorted(quantities.items())
        )
        return cls(
            id=idempotency.id,
            user_id=user_id,
            event_id=terms.event_id,
            status=State.PENDING,
            items=items,
            prices=sum(item.qty * item.unit_price for item in items),
            currency=terms.types[items[0].event_type_id].currency,
            pay_before=now + timedelta(seconds=terms.hold_seconds),
            idempotency_key=idempotency_key,
            request_hash=idempotency.request_hash,
            created_at=now,
            updated_at=now,
        )

    @property
    def quantity(self) -> int:
        return sum(item.qty for item in self.items)

    def quantities_by_shard(self) -> dict[tuple[str, str], int]:
        """Quantity by (event type, inventory shard), as reserved and to be released."""
        return {
            (item.event_type_id, shard): qty
            for item in self.items
            for shard, qty in (item.shards or {"0": item.qty}).items()
        }

    @property
    def event_shard(self) -> str:
        """Hash key in the index of the event's bookings."""
        return event_shard_key(self.event_id, int(self.id[:4], 16) % EVENT_SHARDS)

    @property
    def was_extended(self) -> bool:
        return any(line["action"] == "extend" for line in self.logs)

    def extended_deadline(self, terms: Terms) -> datetime:
        """End of the hold after an extension by the event's hold time, capped by MAX_HOLD and the end of sale."""
        limits = (self.created_at + MAX_HOLD, terms.sale_end(item.event_type_id for item in self.items))
        return min(self.pay_before + timedelta(seconds=terms.hold_seconds), *limits)


def event_shard_key(event_id: str, shard: int) -> str:
    return f"{event_id}#{shard}"


def checked_in_tickets(usages: UsageByTicket) -> list[str]:
    """Ids of the tickets that are checked in."""
    return sorted(ticket_id for ticket_id, usage in usages.items() if usage.checked_in)


def transferred_tickets(usages: UsageByTicket) -> list[str]:
    """Ids of the tickets that another user holds."""
    return sorted(ticket_id for ticket_id, usage in usages.items() if usage.transferred)
