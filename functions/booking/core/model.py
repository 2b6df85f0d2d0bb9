"""A booking: places held for a buyer, and the states that it goes through."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from booking.core.terms import Terms
from booking.core.uses import Use
from common.idempotency import Claim
from common.states.booking import LIFECYCLE, State, Trigger

__all__ = ["LIFECYCLE", "LONGEST_HOLD", "ROLLS", "TAKING", "Booking", "Item", "State", "Trigger", "roll"]

TAKING = (State.PENDING, State.CONFIRMED)  # a booking in these states has its places
LONGEST_HOLD = timedelta(minutes=30)  # from the order on, however it is extended
ROLLS = 4  # index keys that the bookings of an event are spread over


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)


class Item(_Part):
    """So many places of one type, at the price that was held; `taken` says from which shards if not from the first."""

    event_type_id: str
    qty: int
    unit_price: int
    taken: Mapping[str, int] | None = None


class Booking(_Part):
    """Places held for a buyer, and in `logs` everything that happened to them."""

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
    payment_id: str | None = None  # the payment that was answered
    refund: int | None = None  # what the buyer was promised back on giving the booking back
    refunded: int = 0  # what has gone back so far
    refunded_as_of: int = 0  # the version of the payment that said so
    uses: Mapping[str, Use] = {}  # what became of its tickets, by their ids
    version: int = 1
    created_at: datetime
    updated_at: datetime
    logs: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        """The booking that the item holds."""
        return cls.model_validate(item)

    @classmethod
    def order(
        cls, user_id: str, terms: Terms, wanted: Mapping[str, int], *, claim: Claim, key: str | None, now: datetime
    ) -> Self:
        """A new hold, under the id of its claim: a repetition cannot hold twice."""
        items = tuple(
            Item(event_type_id=one, qty=qty, unit_price=terms.types[one].prices) for one, qty in sorted(wanted.items())
        )
        return cls(
            id=claim.id,
            user_id=user_id,
            event_id=terms.event_id,
            status=State.PENDING,
            items=items,
            prices=sum(item.qty * item.unit_price for item in items),
            currency=terms.types[items[0].event_type_id].currency,
            pay_before=now + timedelta(seconds=terms.hold_seconds),
            idempotency_key=key,
            request_hash=claim.request_hash,
            created_at=now,
            updated_at=now,
        )

    @property
    def quantity(self) -> int:
        return sum(item.qty for item in self.items)

    def places(self) -> dict[tuple[str, str], int]:
        """Quantity by (event type, shard): what was taken and would go back."""
        return {
            (item.event_type_id, shard): qty
            for item in self.items
            for shard, qty in (item.taken or {"0": item.qty}).items()
        }

    @property
    def roll(self) -> str:
        """The index key under which it is listed with others of its event."""
        return roll(self.event_id, int(self.id[:4], 16) % ROLLS)

    @property
    def extended(self) -> bool:
        return any(line["did"] == "extend" for line in self.logs)

    def longest(self, terms: Terms) -> datetime:
        """Until when the hold lasts once it is extended: by the event's hold again, within every cap."""
        caps = (self.created_at + LONGEST_HOLD, terms.sold_until(item.event_type_id for item in self.items))
        return min(self.pay_before + timedelta(seconds=terms.hold_seconds), *caps)


def roll(event_id: str, shard: int) -> str:
    return f"{event_id}#{shard}"
