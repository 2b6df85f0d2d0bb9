"""A booking: places held for a buyer, and the states that it goes through."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from booking.core.errors import EventTypeUnknown, LimitReached, NotOnSale, TypeNeeded
from common import ids
from common.statemachine import StateMachine


class State(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class Trigger(StrEnum):
    CONFIRM = "confirm"  # paid in time
    FAIL = "fail"  # will not be paid
    EXPIRE = "expire"  # not paid in time
    CANCEL = "cancel"  # the buyer thought better of it
    REVOKE = "revoke"  # confirmed, but its tickets cannot be made
    CONFIRM_LATE = "confirm_late"  # paid after the places went back, and they could be retaken
    REFUSE = "refuse"  # paid after the places went back, and they could not


# fmt: off
LIFECYCLE = StateMachine({
    (State.PENDING,   Trigger.CONFIRM):      State.CONFIRMED,
    (State.PENDING,   Trigger.FAIL):         State.FAILED,
    (State.PENDING,   Trigger.EXPIRE):       State.EXPIRED,
    (State.PENDING,   Trigger.CANCEL):       State.CANCELLED,
    (State.CONFIRMED, Trigger.REVOKE):       State.CANCELLED,
    (State.EXPIRED,   Trigger.CONFIRM_LATE): State.CONFIRMED,
    (State.FAILED,    Trigger.CONFIRM_LATE): State.CONFIRMED,
    (State.EXPIRED,   Trigger.REFUSE):       State.FAILED,
    (State.FAILED,    Trigger.REFUSE):       State.FAILED,
    (State.CANCELLED, Trigger.REFUSE):       State.FAILED,
})
# fmt: on


@dataclass(frozen=True)
class TypeOnSale:
    """One event type as booking sells it; `prices` in minor units, fees included."""

    id: str
    name: str
    prices: int
    currency: str
    on_sale: bool


@dataclass(frozen=True)
class Terms:
    """What booking knows of a published event, copied from the catalogue."""

    event_id: str
    version: int
    open: bool  # published, and neither cancelled nor ended by the catalogue's word
    max_per_user: int
    hold_seconds: int
    starts_at: datetime
    ends_at: datetime
    types: Mapping[str, TypeOnSale]

    def over(self, now: datetime) -> bool:
        """Places are sold while the event goes on, too; the sale ends with it, at `ends_at`."""
        return now >= self.ends_at

    def chosen(self, wanted: Mapping[str, int] | int, now: datetime) -> dict[str, int]:
        """Type ids and quantities. A bare number is enough where one type is on sale.

        Raises NotOnSale (also from `ends_at` on), TypeNeeded, EventTypeUnknown or LimitReached.
        """
        on_sale = [one.id for one in self.types.values() if one.on_sale]
        if not self.open or self.over(now) or not on_sale:
            raise NotOnSale
        if isinstance(wanted, int):
            if len(on_sale) > 1:
                raise TypeNeeded
            wanted = {on_sale[0]: wanted}
        for type_id in wanted:
            if type_id not in self.types:
                raise EventTypeUnknown(type_id)
            if type_id not in on_sale:
                raise NotOnSale
        if sum(wanted.values()) > self.max_per_user:
            raise LimitReached(self.max_per_user)
        return dict(wanted)


@dataclass(frozen=True)
class Item:
    """So many places of one type, at the price that was held; `taken` says from which shards."""

    event_type_id: str
    qty: int
    unit_price: int
    taken: Mapping[str, int]


@dataclass(frozen=True)
class Booking:
    """A booking as it was ordered; what happens to it later is in its stored attributes."""

    id: str
    user_id: str
    event_id: str
    status: State
    items: tuple[Item, ...]
    prices: int
    currency: str
    pay_before: datetime
    idempotency_key: str | None
    request_hash: str
    payment_id: str | None = None

    @property
    def quantity(self) -> int:
        return sum(item.qty for item in self.items)

    @classmethod
    def order(
        cls, user_id: str, terms: Terms, wanted: Mapping[str, int], *, key: str | None, request_hash: str, now: datetime
    ) -> "Booking":
        """A new hold; equal user and key give the same id, so a repetition cannot hold twice."""
        items = tuple(Item(one, qty, terms.types[one].prices, {"0": qty}) for one, qty in sorted(wanted.items()))
        return cls(
            id=ids.derive("booking", user_id, key) if key else ids.new(),
            user_id=user_id,
            event_id=terms.event_id,
            status=State.PENDING,
            items=items,
            prices=sum(item.qty * item.unit_price for item in items),
            currency=terms.types[items[0].event_type_id].currency,
            pay_before=now + timedelta(seconds=terms.hold_seconds),
            idempotency_key=key,
            request_hash=request_hash,
        )

    def places(self) -> dict[tuple[str, str], int]:
        """Quantity by (event type, shard): what was taken and would go back."""
        return {(item.event_type_id, shard): qty for item in self.items for shard, qty in item.taken.items()}
