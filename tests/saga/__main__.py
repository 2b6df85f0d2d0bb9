"""`make crash-points`: inject a fault at every call of every function and count the failures."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from infra import topology
from tests.saga.crash_points import call_boundaries, check_fault, granted_calls, silence_logs
from tests.saga.harness import Harness
from tests.support.drivers.saga_driver import Saga
from tests.support.faults.fault_points import FaultTiming


@dataclass
class FunctionCount:
    """The counts of one function."""

    function: str
    runs: int = 0  # distinct call sequences
    calls: int = 0
    points: Counter[FaultTiming] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def count_points(functions: Sequence[str]) -> list[FunctionCount]:
    """Check all points of these functions in this process."""
    counts = {name: FunctionCount(name) for name in functions}
    with silence_logs(), Saga.running() as saga:
        harness = Harness(saga)
        for boundary in call_boundaries(harness):
            if boundary.function not in counts:
                continue
            count = counts[boundary.function]
            count.runs += boundary.call == 1
            count.calls += 1
            for timing in boundary.timings:
                count.points[timing] += 1
                failure = check_fault(harness, boundary, timing)
                count.failures += [f"{timing} {boundary}: {failure}"] if failure else []
    return list(counts.values())


def report(counts: Sequence[FunctionCount], seconds: float) -> Iterator[str]:
    """One line per function, then the totals."""
    yield f"{'function':36}{'runs':>6}{'calls':>7}" + "".join(f"{timing:>8}" for timing in FaultTiming)
    for count in counts:
        yield f"{count.function:36}{count.runs:6}{count.calls:7}" + "".join(
            f"{count.points[timing]:8}" for timing in FaultTiming
        )
    without_calls = [row.function for row in topology.ROWS if not granted_calls(row)]
    yield f"without grants or calls: {', '.join(without_calls)}"
    points = sum(count.points.total() for count in counts)
    failures = [line for count in counts for line in count.failures]
    calls = sum(count.calls for count in counts)
    yield f"{len(counts)} functions, {calls} calls, {points} crash points in {seconds:.0f} s"
    yield f"{100 * (points - len(failures)) / points:.6g} % of the crash points pass"
    yield from failures


def main() -> int:
    names = [row.function for row in topology.ROWS if granted_calls(row)]
    started, processes = time.monotonic(), os.cpu_count() or 1
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        parts = pool.map(count_points, [names[start :: 4 * processes] for start in range(4 * processes)])
        counts = {count.function: count for part in parts for count in part}
    print("\n".join(report([counts[name] for name in names], time.monotonic() - started)))  # noqa: T201
    return int(any(count.failures for count in counts.values()))


if __name__ == "__main__":
    from tests.saga import __main__ as package_main  # spawned processes import it by this name

    sys.exit(package_main.main())
