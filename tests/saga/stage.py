"""Where journeys are walked: one house, one undisturbed run of each journey, and the faults put into others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from infra.vocabulary import Timer
from reconcile.core.invariants import violations
from tests.saga.compare import plain
from tests.saga.journeys import ALONE, BESIDE, Journey
from tests.support.builders import House, house
from tests.support.deliveries import Faults, Handling, Process, Slot
from tests.support.gateway import row
from tests.support.saga import Saga

_known: dict[Any, Any] = {}  # what does not change from one test module to the next


@dataclass(frozen=True)
class Run:
    """How a journey went, and what it left."""

    tables: dict[str, list[dict[str, Any]]]
    trace: tuple[Handling, ...]
    dead: tuple[Slot, ...]
    violations: tuple[str, ...]
    processes: tuple[Process, ...]

    @cached_property
    def plain(self) -> dict[str, list[Any]]:
        return plain(self.tables)

    @property
    def mails(self) -> int:
        """How many mails went out."""
        return sum(effect.operation == "SendEmail" for one in self.trace for effect in one.effects)

    def slots(self) -> list[Slot]:
        """Every message, in the order of first delivery."""
        return list(dict.fromkeys(one.slot for one in self.trace))

    def of(self, slot: Slot) -> list[Handling]:
        """The deliveries of one message."""
        return [one for one in self.trace if one.slot == slot]

    def situation(self, slot: Slot) -> tuple[Any, ...]:
        """What all deliveries of the message did: equal situations need no second test."""
        return tuple((one.outcome, one.situation) for one in self.of(slot))


@dataclass(frozen=True)
class Case:
    """One message of one journey, or two."""

    journey: Journey
    slots: tuple[Slot, ...]

    def __str__(self) -> str:
        return f"{self.journey}: {' / '.join(map(str, self.slots))}"


class Stage:
    """The house at rest, and every run that was made from it."""

    def __init__(self, saga: Saga) -> None:
        self.saga = saga
        if "house" not in _known:
            found = house(saga)
            saga.rest()
            _known["house"] = (found, saga.snapshot())
        self.house: House
        self.house, self._snapshot = _known["house"]

    def walk(self, journey: Journey, faults: Faults | None = None, *, seed: int | None = None) -> Run:
        """The journey from the house at rest, with these faults."""
        self.saga.resume(self._snapshot, faults, seed=seed)
        journey.walk(self.saga, self.house)
        return self.run()

    def run(self) -> Run:
        """What there is now."""
        tables, dead = self.saga.tables(), tuple(one.slot for one in self.saga.dead)
        wrong, processes = violations(tables, now=self.saga.now), self.saga.processes
        return Run(tables, tuple(self.saga.trace), dead, tuple(wrong), tuple(processes))

    def undisturbed(self, journey: Journey) -> Run:
        """The journey without any fault; walked once."""
        if journey not in _known:
            _known[journey] = self.walk(journey)
        run: Run = _known[journey]
        return run

    def cases(self, consumer: str) -> list[Case]:
        """The messages that meet this consumer in different situations."""
        found: dict[Any, Case] = {}
        for journey in ALONE:
            run = self.undisturbed(journey)
            for slot in run.slots():
                if slot.consumer == consumer:
                    found.setdefault(run.situation(slot), Case(journey, (slot,)))
        return list(found.values())

    def pairs_of(self, consumer: str) -> list[Case]:
        """Pairs of this consumer's messages about the same person, event or booking, in different situations."""
        mine = self._pairs(lambda a, b: a.consumer == b.consumer == consumer and _one_subject(a, b), ALONE)
        return mine + self._pairs(lambda a, b: a.consumer == b.consumer == consumer and _twins(a, b), BESIDE)

    def pairs_within(self, service: str) -> list[Case]:
        """Pairs of messages for different consumers of the service about the same journey."""
        return self._pairs(lambda a, b: _siblings(a, b) and _service(a) == service, ALONE)

    def _pairs(self, wanted: Callable[[Slot, Slot], bool], journeys: tuple[Journey, ...]) -> list[Case]:
        found: dict[Any, Case] = {}
        for journey in journeys:
            run = self.undisturbed(journey)
            for first, second in combinations(run.slots(), 2):
                if wanted(first, second):
                    found.setdefault((run.situation(first), run.situation(second)), Case(journey, (first, second)))
        return list(found.values())


def journeys_of(cases: list[Case]) -> Iterator[Journey]:
    """The journeys in which these cases are, each once."""
    yield from dict.fromkeys(one.journey for one in cases)


def at_deadline(slot: Slot) -> bool:
    """Whether the message is a timer's that woke again, its time having come."""
    return isinstance(row(slot.consumer), Timer) and slot.nth > 1


def _one_subject(first: Slot, second: Slot) -> bool:
    # The wakings of one timer are one message that is sent on: there is no other order.
    return first.subject == second.subject and not isinstance(row(first.consumer), Timer)


def _twins(first: Slot, second: Slot) -> bool:
    return first.subject != second.subject and first.nth == second.nth


def _siblings(first: Slot, second: Slot) -> bool:
    # A timer that was just set only waits: it meets those that hear the same bus event, and nobody else.
    early = [one for one in (first, second) if isinstance(row(one.consumer), Timer) and not at_deadline(one)]
    meet = not early or first.event == second.event
    return first.consumer != second.consumer and _service(first) == _service(second) and meet


def _service(slot: Slot) -> str:
    return slot.consumer.split(".")[0]
