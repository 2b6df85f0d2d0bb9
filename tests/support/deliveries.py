"""What the saga's driver knows of messages: which one it is, how its delivery went, and what shall go wrong."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from common.store import Update, Write
from common.writes import place

Asked = tuple[str, str, str | None]  # a table's physical name, the action, and the index
_STATUS = re.compile(r":status\b")


class Crash(BaseException):
    """The function's process ends here: no code of ours may catch it."""


class Stuck(AssertionError):
    """Messages go round without end."""


@dataclass(frozen=True, order=True)
class Slot:
    """One message of one consumer: the `nth` of this bus event about this subject (a timer's wakings count)."""

    consumer: str
    event: str
    subject: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.consumer}({self.event}{'' if self.nth == 1 else f' #{self.nth}'})"


@dataclass
class Message:
    """What lies in a consumer's queue."""

    slot: Slot
    envelope: dict[str, Any]
    due: datetime
    place: int
    tries: int = 1


@dataclass(frozen=True)
class Effect:
    """One write that was committed: by which function, and what became of which items."""

    function: str
    operation: str
    wrote: tuple[str, ...]


@dataclass
class Handling:
    """One delivery: of what, how it ended, and what it had written by then."""

    slot: Slot
    tries: int
    outcome: str = "done"
    effects: list[Effect] = field(default_factory=list)

    @property
    def situation(self) -> tuple[str, ...]:
        """What a fault can meet here: equal for deliveries that do the same to the same kinds of items."""
        return (self.slot.consumer, self.slot.event, *(str(one) for effect in self.effects for one in effect.wrote))


class When(StrEnum):
    """What goes wrong at a call."""

    BEFORE = "before"  # the process ends, and the call is not made
    AFTER = "after"  # the process ends when the call is carried out
    TWICE = "twice"  # its answer is lost: the SDK makes it again


@dataclass(frozen=True)
class Point:
    """A call in a run of a function, and what goes wrong there."""

    function: str
    nth: int  # of the function's runs
    call: int  # of that run, from 1
    when: When


@dataclass
class Call:
    """What a function asks of what is outside its process."""

    operation: str
    rights: tuple[Asked, ...] = ()  # where the store is asked
    about: tuple[str, ...] = ()
    wrote: tuple[str, ...] | None = None  # none as long as it was not carried out

    def __str__(self) -> str:
        refused = ", refused" if self.wrote is None else ""
        return f"{self.operation} {', '.join(self.about)}".strip() + refused


@dataclass
class Process:
    """One run of a function: what woke it, and each call that it made."""

    function: str
    nth: int
    woken: str
    calls: list[Call] = field(default_factory=list)


@dataclass
class Faults:
    """What shall go wrong, and what did."""

    point: Point | None = None
    race: tuple[Slot, int] | None = None  # before that write of this message, a second instance has it and ends
    twice: Callable[[Slot], bool] = lambda _: False
    swap: tuple[Slot, Slot] | None = None  # the first is held back until the second was delivered
    struck: int = 0  # at that point
    raced: int = 0
    doubled: list[Slot] = field(default_factory=list)
    order: list[Slot] = field(default_factory=list)  # in which the two of `swap` were delivered first


class Outage(Exception):
    """The service that was asked does not answer."""


def written(one: Write) -> str:
    """What a write writes: the item's table and kind, and the state that it is brought to."""
    # For example `bookings/booking=CONFIRMED`.
    item = place(one)
    told = f"{one.expression if isinstance(one, Update) else ''} {one.condition or ''}"
    state = item.get("status") or (one.values["status"] if _STATUS.search(told) else None)
    return f"{one.table}/{item['sk'].split('#')[0]}" + (f"={state}" if state else "")
