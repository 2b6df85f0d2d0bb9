"""Drills: schedules that force one fault, whatever the seed would have drawn."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.simulation.people import Act, Buyer
from tests.simulation.play import ALL_RATES, LOSSES, Plan, Verdict, play

_FIRST = 1_000_000  # the seeds of drills, apart from those that are drawn


@dataclass(frozen=True)
class Drill:
    """One fault: who comes, what goes wrong, how often."""

    fault: str
    name: str
    ways: tuple[str, ...] = ()  # what the buyers do, one after the other; whatever the seed draws if none is named
    acts: tuple[Act, ...] | None = None  # of the organiser; whatever the seed draws if nothing is said
    rate: float | None = None  # how often it goes wrong where it can, if not as in any schedule
    show: str | None = None  # the one that all want
    every: float | None = None  # seconds from one buyer's coming to the next one's
    tick: float | None = None  # seconds that a call takes at the most: the slower, the more of them meet
    mended: bool = False  # whether the reconciler is among those who answer it
    schedules: int = 12

    def __str__(self) -> str:
        return f"F{int(self.fault[1:]):02}-{self.name.replace(' ', '-')}"

    @property
    def injected(self) -> bool:
        """Whether it can be left out: the others are brought about by what people do."""
        return self.fault in ALL_RATES

    def plans(self) -> Sequence[Plan]:
        """Its schedules, each of a seed of its own."""
        return [self._plan(Plan.of(_FIRST + at)) for at in range(self.schedules)]

    def played(self) -> "Score":
        rates: dict[str, float] = {**ALL_RATES} | ({self.fault: self.rate} if self.rate is not None else {})
        verdicts = [play(one, rates=rates, mended=self.mended, tick=self.tick) for one in self.plans()]
        return Score.of(self.fault, verdicts)

    def without(self) -> "Drill":
        """The same schedules, and the fault never comes."""
        return replace(self, rate=0.0)

    def _plan(self, drawn: Plan) -> Plan:
        # Whose money bounces needs the reconciler, and is no part of what a drill shows.
        ways = self.ways or tuple("gives back" if one.way in LOSSES else one.way for one in drawn.buyers)
        buyers = tuple(self._buyer(one, at, ways[at % len(ways)]) for at, one in enumerate(drawn.buyers))
        faults = (self.fault,) if self.injected else ()
        return replace(drawn, buyers=buyers, acts=drawn.acts if self.acts is None else self.acts, faults=faults)

    def _buyer(self, drawn: Buyer, at: int, way: str) -> Buyer:
        wanted: dict[str, Any] = {"show": self.show, "of": 0, "places": 1} if self.show else {}
        return replace(drawn, way=way, at=drawn.at if self.every is None else at * self.every, **wanted)


@dataclass(frozen=True)
class Score:
    """What came of a drill."""

    schedules: int
    fired: int  # times that the fault struck
    bad: int  # schedules that ended with a violation
    broken: Mapping[str, int]  # in how many of them, by invariant
    first: str  # the first that was said

    @classmethod
    def of(cls, fault: str, verdicts: Sequence[Verdict]) -> "Score":
        said = [one for verdict in verdicts for one in verdict.violations]
        bad = sum(bool(verdict.violations) for verdict in verdicts)
        broken = Counter(name for verdict in verdicts for name in verdict.broken)
        return cls(len(verdicts), sum(one.fired[fault] for one in verdicts), bad, dict(broken), "".join(said[:1]))
