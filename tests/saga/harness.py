"""Runs journeys from a shared initial state: one baseline per journey, and runs with faults."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from infra.topology_types import DelayedEvent
from reconcile.core.invariants import violations
from tests.saga.journeys import PAIRED_JOURNEYS, SINGLE_JOURNEYS, Journey
from tests.saga.table_diff import normalise
from tests.support.drivers.saga_driver import Saga
from tests.support.faults.fault_points import Delivery, FaultPlan, Invocation, MessageKey
from tests.support.fixtures.scenarios import Scenario, build_scenario
from tests.support.system.lambda_events import row

_shared: dict[Any, Any] = {}  # cached across test modules


@dataclass(frozen=True)
class RunResult:
    """The deliveries and the final state of a run."""

    tables: dict[str, list[dict[str, Any]]]
    deliveries: tuple[Delivery, ...]
    dead_letters: tuple[MessageKey, ...]
    violations: tuple[str, ...]
    invocations: tuple[Invocation, ...]

    @cached_property
    def normalised_tables(self) -> dict[str, list[Any]]:
        return normalise(self.tables)

    @property
    def mails(self) -> int:
        """Number of e-mails sent."""
        return sum(effect.operation == "SendEmail" for one in self.deliveries for effect in one.effects)

    def message_keys(self) -> list[MessageKey]:
        """All messages, in the order of their first delivery."""
        return list(dict.fromkeys(one.key for one in self.deliveries))

    def deliveries_of(self, key: MessageKey) -> list[Delivery]:
        """The deliveries of a message."""
        return [one for one in self.deliveries if one.key == key]

    def situation(self, key: MessageKey) -> tuple[Any, ...]:
        """The effects of all deliveries of the message; messages with equal effects are tested once."""
        return tuple((one.outcome, one.situation) for one in self.deliveries_of(key))


@dataclass(frozen=True)
class Case:
    """A journey and one or two of its messages."""

    journey: Journey
    message_keys: tuple[MessageKey, ...]

    def __str__(self) -> str:
        return f"{self.journey}: {' / '.join(map(str, self.message_keys))}"


class Harness:
    """The initial state, and the runs that start from it."""

    def __init__(self, saga: Saga) -> None:
        self.saga = saga
        if "initial_state" not in _shared:
            scenario = build_scenario(saga)
            saga.drain_until_idle()
            _shared["initial_state"] = (scenario, saga.snapshot())
        self.scenario: Scenario
        self.scenario, self._snapshot = _shared["initial_state"]

    def run_journey(self, journey: Journey, faults: FaultPlan | None = None, *, seed: int | None = None) -> RunResult:
        """Run the journey from the initial state, with these faults."""
        self.saga.resume(self._snapshot, faults, seed=seed)
        journey.run(self.saga, self.scenario)
        return self.result()

    def result(self) -> RunResult:
        """The result of the current run."""
        tables, dead_letters = self.saga.tables(), tuple(one.key for one in self.saga.dead_letters)
        violated, invocations = violations(tables, now=self.saga.now), self.saga.invocations
        return RunResult(tables, tuple(self.saga.deliveries), dead_letters, tuple(violated), tuple(invocations))

    def baseline(self, journey: Journey) -> RunResult:
        """The result of the journey without faults; cached."""
        if journey not in _shared:
            _shared[journey] = self.run_journey(journey)
        result: RunResult = _shared[journey]
        return result

    def cases(self, consumer: str) -> list[Case]:
        """One case per distinct effect of this consumer's messages."""
        cases: dict[Any, Case] = {}
        for journey in SINGLE_JOURNEYS:
            result = self.baseline(journey)
            for key in result.message_keys():
                if key.consumer == consumer:
                    cases.setdefault(result.situation(key), Case(journey, (key,)))
        return list(cases.values())

    def pairs_for_consumer(self, consumer: str) -> list[Case]:
        """Pairs of this consumer's messages about the same user, event or booking, with different effects."""
        pairs = self._pairs(lambda a, b: a.consumer == b.consumer == consumer and _same_subject(a, b), SINGLE_JOURNEYS)
        return pairs + self._pairs(
            lambda a, b: a.consumer == b.consumer == consumer and _paired_messages(a, b), PAIRED_JOURNEYS
        )

    def pairs_for_service(self, service: str) -> list[Case]:
        """Pairs of messages of different consumers of the service with the same correlation id."""
        return self._pairs(lambda a, b: _sibling_consumers(a, b) and _service(a) == service, SINGLE_JOURNEYS)

    def _pairs(self, matches: Callable[[MessageKey, MessageKey], bool], journeys: tuple[Journey, ...]) -> list[Case]:
        cases: dict[Any, Case] = {}
        for journey in journeys:
            result = self.baseline(journey)
            for first, second in combinations(result.message_keys(), 2):
                if matches(first, second):
                    cases.setdefault(
                        (result.situation(first), result.situation(second)), Case(journey, (first, second))
                    )
        return list(cases.values())


def distinct_journeys(cases: list[Case]) -> Iterator[Journey]:
    """The distinct journeys of the cases."""
    yield from dict.fromkeys(one.journey for one in cases)


def is_deadline_wakeup(key: MessageKey) -> bool:
    """Whether the message is a re-queued timer that is due."""
    return isinstance(row(key.consumer), DelayedEvent) and key.occurrence > 1


def _same_subject(first: MessageKey, second: MessageKey) -> bool:
    # All deliveries of a timer are one re-queued message, so their order is fixed.
    return first.subject == second.subject and not isinstance(row(first.consumer), DelayedEvent)


def _paired_messages(first: MessageKey, second: MessageKey) -> bool:
    return first.subject != second.subject and first.occurrence == second.occurrence


def _sibling_consumers(first: MessageKey, second: MessageKey) -> bool:
    # A new timer only re-queues itself, so it races only with consumers of the same bus event.
    new_timers = [
        key for key in (first, second) if isinstance(row(key.consumer), DelayedEvent) and not is_deadline_wakeup(key)
    ]
    can_race = not new_timers or first.event == second.event
    return first.consumer != second.consumer and _service(first) == _service(second) and can_race


def _service(key: MessageKey) -> str:
    return key.consumer.split(".")[0]
