"""`make faults`: each fault of the list, how its schedules end, and how they end without the guard that answers it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from tests.simulation.drills import Score
from tests.simulation.guards import FAULTS, Guarded
from tests.support.mutation import ROOT, mutated

_LIST = 34  # faults that the list has
_HEAD = "fault, as its test is called | with all guards | red without its guard | of these without the fault | guard"
_SOURCES = [str(ROOT / "functions"), str(ROOT / "layers/common/python")]


@dataclass(frozen=True)
class Row:
    """One fault with both columns."""

    of: Guarded
    kept: Score
    out: Score
    spared: Score | None  # without the guard and without the fault, where it can be left out

    @property
    def missing(self) -> list[str]:
        """What does not stand in it as it must."""
        found = {
            "the fault never fired": not self.kept.fired,
            f"violations: {self.kept.first}": bool(self.kept.bad),
            f"nobody misses the guard: {dict(self.out.broken)}": not self.out.broken.get(self.of.breaks),
        }
        return [said for said, wrong in found.items() if wrong]

    def __str__(self) -> str:
        guard = self.of.guard + (" (both are out)" if ";" in self.of.guard else "")
        red = f"{self.out.broken.get(self.of.breaks, 0)} of {self.out.schedules}: {self.of.breaks}"
        spared = f"{self.spared.bad}" if self.spared else "-"
        files = ", ".join(dict.fromkeys(one.path for one in self.of.changes))
        kept = f"fired {self.kept.fired:4}, violations {self.kept.bad}"
        return f"{self.of.drill!s:62} | {kept} | {red:16} | {spared:>2} | {guard} [{files}]"


def row(one: Guarded) -> Row:
    """Play the fault's schedules with and without its guard."""
    kept = _scored(one, _SOURCES)
    with mutated(*one.changes) as roots:
        out = _scored(one, roots)
        spared = _scored(one, roots, "without") if one.drill.injected else None
    return Row(one, kept, out, spared)


def rows() -> Iterator[Row]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(row, FAULTS)


def _scored(one: Guarded, roots: Sequence[str], *how: str) -> Score:
    around = os.environ | {"PYTHONPATH": os.pathsep.join((*roots, str(ROOT)))}
    command = [sys.executable, "-m", "tests.simulation.fault_table", one.drill.fault, *how]
    ran = subprocess.run(command, cwd=ROOT, env=around, capture_output=True, text=True, check=True)
    return Score(**json.loads(ran.stdout))


def _one(fault: str, *, spared: bool) -> int:
    drill = next(one.drill for one in FAULTS if one.drill.fault == fault)
    score = (drill.without() if spared else drill).played()
    print(json.dumps(asdict(score)))  # noqa: T201
    return 0


def _table() -> int:
    print(_HEAD)  # noqa: T201
    missing: list[str] = []
    for one in rows():
        print(one, flush=True)  # noqa: T201
        missing += [f"{one.of.drill}: {said}" for said in one.missing]
    missing += [f"{len(FAULTS)} faults of {_LIST}"] if len(FAULTS) != _LIST else []
    print("\n".join(missing or [f"{len(FAULTS)} of {_LIST} faults: each fires, none harms, each guard is missed"]))  # noqa: T201
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(_one(sys.argv[1], spared="without" in sys.argv) if len(sys.argv) > 1 else _table())
