"""An event's life and its rules; pure."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from common.statemachine import StateMachine
from events.core.errors import (
    AlreadyStarted,
    HoldTooShort,
    MixedCurrencies,
    NotFree,
    NotInFuture,
    NotPublishable,
    NoTypes,
    TooManyTypes,
    TypesFixed,
)

MAX_TYPES = 20
MIN_HOLD = 60  # seconds, where the stage allows no shorter ones
DEFAULT_HOLD = 600  # seconds
HORIZON = timedelta(days=3653)  # nothing is planned further ahead


class Status(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"


class Trigger(StrEnum):
    PUBLISH = "publish"
    END = "end"
    CANCEL = "cancel"


# fmt: off
LIFECYCLE = StateMachine({
    (Status.DRAFT,     Trigger.PUBLISH): Status.PUBLISHED,
    (Status.PUBLISHED, Trigger.END):     Status.ENDED,
    (Status.PUBLISHED, Trigger.CANCEL):  Status.CANCELLED,
})
# fmt: on


class TypeStatus(StrEnum):
    ON_SALE = "ON_SALE"
    PAUSED = "PAUSED"
    CLOSED = "CLOSED"


class CategoryType(StrEnum):
    FREE = "free"
    PAID = "paid"


@dataclass(frozen=True)
class EventType:
    """A kind of place; `prices` is in minor units of `currency`, fees included."""

    id: str
    event_id: str
    name: str
    prices: int
    currency: str
    capacity: int
    status: TypeStatus = TypeStatus.ON_SALE

    def stored(self) -> dict[str, Any]:
        """Plain values, as the event's item holds them."""
        return asdict(self) | {"status": str(self.status)}


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


def extendable(event: Mapping[str, Any]) -> None:
    """Raises TypesFixed once the event has been published: what is on sale has been promised."""
    if event["status"] != Status.DRAFT:
        raise TypesFixed(state=event["status"])


def publishable(event: Mapping[str, Any], now: datetime) -> None:
    """Raises NotPublishable, NoTypes or AlreadyStarted."""
    if not LIFECYCLE.allows(Status(event["status"]), Trigger.PUBLISH):
        raise NotPublishable(state=event["status"])
    if not event["types"]:
        raise NoTypes
    if datetime.fromisoformat(event["starts_at"]) <= now:
        raise AlreadyStarted
