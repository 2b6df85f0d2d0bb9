"""An event's life and its rules; pure."""

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
MIN_HOLD = 60  # seconds, where the stage allows no shorter ones
DEFAULT_HOLD = 600  # seconds
MAX_AMOUNT = 99_999_999  # minor units: the provider takes no more at once (Stripe, "Minimum and maximum amounts")
HORIZON = timedelta(days=3653)  # nothing is planned further ahead


class Status(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    CANCELLED = "CANCELLED"
    ENDED = "ENDED"


class Trigger(StrEnum):
    PUBLISH = "publish"
    CANCEL = "cancel"
    END = "end"  # its time is over


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
TYPES = StateMachine({
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
    """A kind of place; `prices` is in minor units of `currency`, fees included.

    It is sold from `sale_from` to `sale_until`, or as long as the event is published and not over.
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

    def stored(self) -> dict[str, Any]:
        """Plain values, as the event's item holds them."""
        times = {name: clock.iso(at) for name in ("sale_from", "sale_until") if (at := getattr(self, name))}
        fixed = {name: value for name, value in asdict(self).items() if value is not None}
        return fixed | {"status": str(self.status)} | times


def planned(starts_at: datetime, now: datetime) -> None:
    """Raises NotInFuture unless the start lies ahead, and not absurdly far."""
    if not now < starts_at <= now + HORIZON:
        raise NotInFuture(pointer="/starts_at")


def hold(seconds: int | None, minutes: int | None, *, short_allowed: bool) -> int:
    """The hold in seconds. Raises HoldTooShort where the stage does not allow it."""
    chosen = seconds or (minutes * 60 if minutes else DEFAULT_HOLD)
    if chosen < MIN_HOLD and not short_allowed:
        raise HoldTooShort(pointer="/hold_seconds")
    return chosen


def sold(types: Collection[Mapping[str, Any]], category: CategoryType) -> None:
    """The types as a whole may be sold together. Raises TooManyTypes, MixedCurrencies, NotFree."""
    if len(types) > MAX_TYPES:
        raise TooManyTypes
    if len({one["currency"] for one in types}) > 1:
        raise MixedCurrencies
    if category is CategoryType.FREE and any(one["prices"] for one in types):
        raise NotFree


def payable(prices: Mapping[str, int], max_per_user: int) -> None:
    """Prices, each by its pointer, that a person may pay for all their places at once. Raises PriceTooHigh."""
    highest = MAX_AMOUNT // max_per_user
    reason = f"At most {highest}, where one person may book {max_per_user} places."
    wrong = [(pointer, reason) for pointer, one in prices.items() if one > highest]
    if wrong:
        raise PriceTooHigh.fields(wrong)


def sellable(types: Mapping[str, Mapping[str, Any]], ends_at: str) -> None:
    """Raises SaleBeyondEnd unless the types, each by its pointer, are sold within the event's time."""
    for pointer, one in types.items():
        if one.get("sale_from", "") >= ends_at or one.get("sale_until", "") > ends_at:
            raise SaleBeyondEnd(pointer=pointer)


def publishable(event: Mapping[str, Any], now: datetime) -> None:
    """Raises NotPublishable, NoTypes or AlreadyStarted."""
    if not LIFECYCLE.allows(Status(event["status"]), Trigger.PUBLISH):
        raise NotPublishable(state=event["status"])
    if not event["types"]:
        raise NoTypes
    if datetime.fromisoformat(event["starts_at"]) <= now:
        raise AlreadyStarted
