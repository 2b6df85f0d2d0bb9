"""Schedules that force one fault instead of the faults that the seed draws."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.simulation.actors import Buyer, OrganiserAction
from tests.simulation.runner import ALL_RATES, NEEDS_RECONCILER, Plan, Verdict, run_plan

_FIRST_SEED = 1_000_000  # apart from the seeds of random schedules


@dataclass(frozen=True)
class ForcedFault:
    """Schedules with one fault: the buyers, the fault, and its probability."""

    fault: str
    name: str
    # Fields that are None or () are drawn by the seed.
    behaviours: tuple[str, ...] = ()  # of the buyers, in turn
    organiser_actions: tuple[OrganiserAction, ...] | None = None
    rate: float | None = None  # probability at each opportunity
    event: str | None = None  # the event that all buyers order
    interval_seconds: float | None = None  # between two buyers' starts
    call_seconds: float | None = None  # longest duration of a call: the slower, the more calls overlap
    reconciles: bool = False  # whether the reconciler runs
    schedules: int = 12

    def __str__(self) -> str:
        return f"F{int(self.fault[1:]):02}-{self.name.replace(' ', '-')}"

    @property
    def is_injected(self) -> bool:
        """Whether the fault is injected and so can be left out; the others emerge from the actors' timing."""
        return self.fault in ALL_RATES

    def plans(self) -> Sequence[Plan]:
        """The schedules, each with its own seed."""
        return [self._plan(Plan.from_seed(_FIRST_SEED + at)) for at in range(self.schedules)]

    def run(self) -> "Score":
        rates: dict[str, float] = {**ALL_RATES} | ({self.fault: self.rate} if self.rate is not None else {})
        verdicts = [
            run_plan(one, rates=rates, reconciles=self.reconciles, call_seconds=self.call_seconds)
            for one in self.plans()
        ]
        return Score.from_verdicts(self.fault, verdicts)

    def without_fault(self) -> "ForcedFault":
        """The same schedules without the fault."""
        return replace(self, rate=0.0)

    def _plan(self, drawn: Plan) -> Plan:
        # A bounced refund needs the reconciler, which may not run here: replace that behaviour.
        behaviours = self.behaviours or tuple(
            "gets a refund" if one.behaviour in NEEDS_RECONCILER else one.behaviour for one in drawn.buyers
        )
        buyers = tuple(self._buyer(one, at, behaviours[at % len(behaviours)]) for at, one in enumerate(drawn.buyers))
        faults = (self.fault,) if self.is_injected else ()
        return replace(
            drawn,
            buyers=buyers,
            organiser_actions=drawn.organiser_actions if self.organiser_actions is None else self.organiser_actions,
            faults=faults,
        )

    def _buyer(self, drawn: Buyer, at: int, behaviour: str) -> Buyer:
        overrides: dict[str, Any] = {"event": self.event, "type_index": 0, "places": 1} if self.event else {}
        return replace(
            drawn,
            behaviour=behaviour,
            start_seconds=drawn.start_seconds if self.interval_seconds is None else at * self.interval_seconds,
            **overrides,
        )


@dataclass(frozen=True)
class Score:
    """The results of a forced fault's schedules."""

    schedules: int
    fired: int  # times that the fault happened
    failed: int  # schedules with a violation
    broken_invariants: Mapping[str, int]  # failed schedules, by invariant
    first_violation: str

    @classmethod
    def from_verdicts(cls, fault: str, verdicts: Sequence[Verdict]) -> "Score":
        violations = [one for verdict in verdicts for one in verdict.violations]
        failed = sum(bool(verdict.violations) for verdict in verdicts)
        broken = Counter(name for verdict in verdicts for name in verdict.broken_invariants)
        return cls(
            len(verdicts), sum(one.fired[fault] for one in verdicts), failed, dict(broken), "".join(violations[:1])
        )
