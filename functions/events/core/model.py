"""State machines of events and event types, and validation rules; no I/O."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from common import clock
from common.statemachine import StateMachine
from events.core.errors import (
    AlreadyStarted,
    HoldTooShort,
    MixedCurrencies,
    NotFree,
    NotInFuture,
    NotPublishable,
    NoTypes,
    PriceTooHigh,
    SaleBeyondEnd,
    TooManyTypes,
)

MAX_TYPES = 20
MIN_HOLD_SECONDS = 60  # unless the stage sets SHORT_HOLDS
DEFAULT_HOLD_SECONDS = 600
MAX_AMOUNT = 99_999_999  # minor units, the provider's limit per payment (Stripe, "Minimum and maximum amounts")
PLANNING_HORIZON = timedelta(days=3653)  # the latest start, from now


class Status(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    CANCELLED = "CANCELLED"
    ENDED = "ENDED"


class Trigger(StrEnum):
    PUBLISH = "publish"
    CANCEL = "cancel"
    END = "end"


class TypeStatus(StrEnum):
    ON_SALE = "ON_SALE"
    PAUSED = "PAUSED"
    CLOSED = "CLOSED"


class TypeTrigger(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE = "close"


# fmt: off
LIFECYCLE = StateMachine({
    (Status.DRAFT,     Trigger.PUBLISH): Status.PUBLISHED,
    (Status.DRAFT,     Trigger.CANCEL):  Status.CANCELLED,
    (Status.PUBLISHED, Trigger.CANCEL):  Status.CANCELLED,
    (Status.PUBLISHED, Trigger.END):     Status.ENDED,
})
TYPE_LIFECYCLE = StateMachine({
    (TypeStatus.ON_SALE, TypeTrigger.PAUSE):  TypeStatus.PAUSED,
    (TypeStatus.PAUSED,  TypeTrigger.RESUME): TypeStatus.ON_SALE,
    (TypeStatus.ON_SALE, TypeTrigger.CLOSE):  TypeStatus.CLOSED,
    (TypeStatus.PAUSED,  TypeTrigger.CLOSE):  TypeStatus.CLOSED,
})
# fmt: on


class CategoryType(StrEnum):
    FREE = "free"
    PAID = "paid"


@dataclass(frozen=True)
class EventType:
    """An event type; `prices` is the price per place in minor units of `currency`, fees included.

    On sale from `sale_from` to `sale_until`; a missing bound means publication or the end of the event.
    """

    id: str
    event_id: str
    name: str
    prices: int
    currency: str
    capacity: int
    status: TypeStatus = TypeStatus.ON_SALE
    sale_from: datetime | None = None
    sale_until: datetime | None = None

    def to_item(self) -> dict[str, Any]:
        """Return the type as stored in the event item."""
        times = {name: clock.iso(at) for name in ("sale_from", "sale_until") if (at := getattr(self, name))}
        present = {name: value for name, value in asdict(self).items() if value is not None}
        return present | {"status": str(self.status)} | times


def require_future_start(starts_at: datetime, now: datetime) -> None:
    """Raises NotInFuture unless the start is after `now` and within `PLANNING_HORIZON`."""
    if not now < starts_at <= now + PLANNING_HORIZON:
        raise NotInFuture(pointer="/starts_at")


def hold_seconds(seconds: int | None, minutes: int | None, *, short_allowed: bool) -> int:
    """Return the hold duration in seconds. Raises HoldTooShort."""
    duration = seconds or (minutes * 60 if minutes else DEFAULT_HOLD_SECONDS)
    if duration < MIN_HOLD_SECONDS and not short_allowed:
        raise HoldTooShort(pointer="/hold_seconds")
    return duration


def require_sellable_together(types: Collection[Mapping[str, Any]], category: CategoryType) -> None:
    """Raises TooManyTypes, MixedCurrencies or NotFree unless the types can be sold together."""
    if len(types) > MAX_TYPES:
        raise TooManyTypes
    if len({one["currency"] for one in types}) > 1:
        raise MixedCurrencies
    if category is CategoryType.FREE and any(one["prices"] for one in types):
        raise NotFree


def require_affordable(prices: Mapping[str, int], max_per_user: int) -> None:
    """Raises PriceTooHigh if `max_per_user` places exceed `MAX_AMOUNT`; `prices` by JSON pointer, in minor units."""
    highest = MAX_AMOUNT // max_per_user
    reason = f"At most {highest}, where one person may book {max_per_user} places."
    too_high = [(pointer, reason) for pointer, one in prices.items() if one > highest]
    if too_high:
        raise PriceTooHigh.from_errors(too_high)


def require_sale_within_event(types: Mapping[str, Mapping[str, Any]], ends_at: str) -> None:
    """Raises SaleBeyondEnd if a sale window exceeds the event's end; `types` by JSON pointer."""
    for pointer, event_type in types.items():
        if event_type.get("sale_from", "") >= ends_at or event_type.get("sale_until", "") > ends_at:
            raise SaleBeyondEnd(pointer=pointer)


def require_publishable(event: Mapping[str, Any], now: datetime) -> None:
    """Raises NotPublishable, NoTypes or AlreadyStarted."""
    if not LIFECYCLE.allows(Status(event["status"]), Trigger.PUBLISH):
        raise NotPublishable(state=event["status"])
    if not event["types"]:
        raise NoTypes
    if datetime.fromisoformat(event["starts_at"]) <= now:
        raise AlreadyStarted
