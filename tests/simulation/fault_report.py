"""`make faults`: for each fault, the results of its schedules with and without its guard."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from tests.simulation.forced_faults import Score
from tests.simulation.guards import FAULT_CASES, FaultCase
from tests.support.faults.source_patches import ROOT, patched_sources

_FAULT_COUNT = 34  # F1 to F34
_HEADER = "fault (test id) | with all guards | failed without its guard | failed without guard and fault | guard"
_SOURCES = [str(ROOT / "functions"), str(ROOT / "layers/common/python")]


@dataclass(frozen=True)
class Row:
    """One fault, with and without its guard."""

    fault_case: FaultCase
    with_guard: Score
    without_guard: Score
    without_guard_and_fault: Score | None  # None if the fault is not injected

    @property
    def problems(self) -> list[str]:
        """Why the row is not as required; empty if it is."""
        broken = self.without_guard.broken_invariants
        checks = {
            "the fault never fired": not self.with_guard.fired,
            f"violations: {self.with_guard.first_violation}": bool(self.with_guard.failed),
            f"no schedule needs the guard: {dict(broken)}": not broken.get(self.fault_case.broken_invariant),
        }
        return [problem for problem, applies in checks.items() if applies]

    def __str__(self) -> str:
        case, without = self.fault_case, self.without_guard
        guard = case.guard + (" (both removed)" if ";" in case.guard else "")
        failed = (
            f"{without.broken_invariants.get(case.broken_invariant, 0)} of {without.schedules}: {case.broken_invariant}"
        )
        without_fault = f"{self.without_guard_and_fault.failed}" if self.without_guard_and_fault else "-"
        files = ", ".join(dict.fromkeys(one.path for one in case.patches))
        with_guard = f"fired {self.with_guard.fired:4}, violations {self.with_guard.failed}"
        return f"{case.forced_fault!s:62} | {with_guard} | {failed:16} | {without_fault:>2} | {guard} [{files}]"


def run_case(one: FaultCase) -> Row:
    """Run the fault's schedules with and without its guard."""
    with_guard = _run_score(one, _SOURCES)
    with patched_sources(*one.patches) as roots:
        without_guard = _run_score(one, roots)
        without_fault = _run_score(one, roots, "without") if one.forced_fault.is_injected else None
    return Row(one, with_guard, without_guard, without_fault)


def run_all_cases() -> Iterator[Row]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(run_case, FAULT_CASES)


def _run_score(one: FaultCase, roots: Sequence[str], *arguments: str) -> Score:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((*roots, str(ROOT)))}
    command = [sys.executable, "-m", "tests.simulation.fault_report", one.forced_fault.fault, *arguments]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return Score(**json.loads(result.stdout))


def _print_score(fault: str, *, without_fault: bool) -> int:
    forced_fault = next(one.forced_fault for one in FAULT_CASES if one.forced_fault.fault == fault)
    score = (forced_fault.without_fault() if without_fault else forced_fault).run()
    print(json.dumps(asdict(score)))  # noqa: T201
    return 0


def _print_table() -> int:
    print(_HEADER)  # noqa: T201
    problems: list[str] = []
    for one in run_all_cases():
        print(one, flush=True)  # noqa: T201
        problems += [f"{one.fault_case.forced_fault}: {problem}" for problem in one.problems]
    problems += [f"{len(FAULT_CASES)} faults of {_FAULT_COUNT}"] if len(FAULT_CASES) != _FAULT_COUNT else []
    success = f"{len(FAULT_CASES)} of {_FAULT_COUNT} faults: each fires without violations, each guard is needed"
    print("\n".join(problems or [success]))  # noqa: T201
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(_print_score(sys.argv[1], without_fault="without" in sys.argv) if len(sys.argv) > 1 else _print_table())
