"""The saga driver's model of messages, deliveries and injected faults."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from common.store import Update, Write
from common.writes import item_key

TableAccess = tuple[str, str, str | None]  # physical table name, action, index
_STATUS = re.compile(r":status\b")


class Crash(BaseException):
    """The function's process ends here. A BaseException, so that product code cannot catch it."""


class Livelock(AssertionError):
    """Messages are re-queued indefinitely."""


@dataclass(frozen=True, order=True)
class MessageKey:
    """A message of a consumer: the n-th (`occurrence`) of this bus event and subject; re-queued timers count."""

    consumer: str
    event: str
    subject: str
    occurrence: int = 1

    def __str__(self) -> str:
        return f"{self.consumer}({self.event}{'' if self.occurrence == 1 else f' #{self.occurrence}'})"


@dataclass
class QueuedMessage:
    """A message in a consumer's queue."""

    key: MessageKey
    envelope: dict[str, Any]
    due: datetime
    sequence: int
    tries: int = 1


@dataclass(frozen=True)
class SideEffect:
    """A committed write: the function, the operation and the items."""

    function: str
    operation: str
    written_items: tuple[str, ...]


@dataclass
class Delivery:
    """A delivery: the message, its outcome and its writes."""

    key: MessageKey
    tries: int
    outcome: str = "done"
    effects: list[SideEffect] = field(default_factory=list)

    @property
    def situation(self) -> tuple[str, ...]:
        """Equal for deliveries with the same writes to the same kinds of items: one of them is enough to test."""
        return (
            self.key.consumer,
            self.key.event,
            *(str(one) for effect in self.effects for one in effect.written_items),
        )


class FaultTiming(StrEnum):
    """The fault at a call."""

    BEFORE = "before"  # the process ends before the call
    AFTER = "after"  # the process ends after the call
    TWICE = "twice"  # the reply is lost: the SDK repeats the call


@dataclass(frozen=True)
class CallSite:
    """A call in a run of a function, and the fault there."""

    function: str
    run: int  # number of the function's run
    call: int  # number of the call in that run, from 1
    timing: FaultTiming


@dataclass
class ServiceCall:
    """A call of a function to a service outside its process."""

    operation: str
    table_accesses: tuple[TableAccess, ...] = ()  # of the store's calls
    targets: tuple[str, ...] = ()
    written_items: tuple[str, ...] | None = None  # None until it is executed

    def __str__(self) -> str:
        refused = ", refused" if self.written_items is None else ""
        return f"{self.operation} {', '.join(self.targets)}".strip() + refused


@dataclass
class Invocation:
    """A run of a function: its trigger and its calls."""

    function: str
    run: int
    trigger: str
    calls: list[ServiceCall] = field(default_factory=list)


@dataclass
class FaultPlan:
    """The faults to inject, and a record of those injected."""

    call_site: CallSite | None = None
    race: tuple[MessageKey, int] | None = None  # a second instance handles this message just before that write
    duplicates: Callable[[MessageKey], bool] = lambda _: False
    swap: tuple[MessageKey, MessageKey] | None = None  # the first is delivered after the second
    fault_count: int = 0  # faults injected at `call_site`
    race_count: int = 0
    duplicated: list[MessageKey] = field(default_factory=list)
    swap_order: list[MessageKey] = field(default_factory=list)  # the order of first delivery of the two in `swap`


class Outage(Exception):
    """The called service does not respond."""


def describe_write(write: Write) -> str:
    """The item's table and kind, and its new state, e.g. `bookings/booking=CONFIRMED`."""
    item = item_key(write)
    expressions = f"{write.expression if isinstance(write, Update) else ''} {write.condition or ''}"
    state = item.get("status") or (write.values["status"] if _STATUS.search(expressions) else None)
    return f"{write.table}/{item['sk'].split('#')[0]}" + (f"={state}" if state else "")
