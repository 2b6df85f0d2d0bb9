"""`make simulate SEEDS=n FROM=m`: run n schedules from seed m on, and explain the first failures."""

import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from multiprocessing import get_context
from statistics import median

from tests.simulation.emergent_faults import EMERGENT_FAULTS
from tests.simulation.runner import ALL_RATES, Plan, run_plan
from tests.simulation.shrinking import explain, shrink

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
CHUNK_SIZE = 25
_EXPLAINED_FAILURES = 3  # failing seeds that are explained


@dataclass(frozen=True)
class Summary:
    """The part of a verdict that the report needs."""

    seed: int
    runs: int  # of handlers
    fired: dict[str, int]  # faults, by name
    violations: tuple[str, ...]
    seconds: float  # of CPU time


def run_seeds(seeds: Sequence[int]) -> list[Summary]:
    """Run the seeds in this process."""
    gc.set_threshold(20_000)  # schedules leave little garbage; frequent collections cost 5 % of the time
    return [_run_seed(seed) for seed in seeds]


def simulate(count: int, first: int, *, processes: int | None = None) -> list[Summary]:
    """Run `count` seeds from `first` on; `processes` is one per core by default."""
    seeds = iter(range(first, first + count))
    chunks = list(iter(lambda: tuple(islice(seeds, CHUNK_SIZE)), ()))
    return [summary for part in _pool(processes or CORES).map(run_seeds, chunks) for summary in part]


@cache
def _pool(processes: int) -> ProcessPoolExecutor:
    # Cached: the imports of a process take as long as 40 schedules.
    return ProcessPoolExecutor(processes, get_context("spawn"))


def report(summaries: Sequence[Summary], seconds: float) -> Iterator[str]:
    """The totals, the faults that fired, and the first failures, as lines of text."""
    fired = Counter[str]()
    for one in summaries:
        fired.update(one.fired)
    runs = [one.runs for one in summaries]
    cpu_milliseconds = 1000 * sum(one.seconds for one in summaries) / len(summaries)
    rate = f"{len(summaries) / seconds:.0f}/s on {CORES} cores, {cpu_milliseconds:.1f} ms of CPU time each"
    yield f"{len(summaries)} schedules in {seconds:.1f} s ({rate}), {sum(runs)} handler runs, median {median(runs):.0f}"
    yield ", ".join(
        f"{name} {fired[name]}" for name in sorted({**ALL_RATES, **EMERGENT_FAULTS}, key=lambda name: int(name[1:]))
    )
    failed = [one for one in summaries if one.violations]
    yield f"{len(failed)} schedules end with a violation"
    for one in failed[:_EXPLAINED_FAILURES]:
        yield from explain_seed(one.seed)


def explain_seed(seed: int) -> Iterator[str]:
    """The smallest schedule of this seed that fails in the same way."""
    verdict = run_plan(Plan.from_seed(seed))
    yield from ("", *explain(shrink(verdict), verdict))


def _run_seed(seed: int) -> Summary:
    started = time.process_time()
    verdict = run_plan(Plan.from_seed(seed))
    return Summary(seed, verdict.runs, dict(verdict.fired), verdict.violations, time.process_time() - started)


def parse_arguments(arguments: Sequence[str]) -> tuple[int, int, int]:
    """The count, the first seed, and the processes (0: one per core). Raises ValueError."""
    for argument in arguments:
        if not (argument.isascii() and argument.isdigit()):
            raise ValueError(f"{argument} is not a non-negative integer.")
    count, first, processes = (*map(int, arguments), *(1000, 1, 0)[len(arguments) :])
    if not count:
        raise ValueError("SEEDS is the number of schedules, at least 1.")
    return count, first, processes


def main() -> int:
    try:
        count, first, processes = parse_arguments(sys.argv[1:])
    except ValueError as reason:
        print(reason, file=sys.stderr)  # noqa: T201
        return 2
    started = time.monotonic()
    summaries = simulate(count, first, processes=processes or None)
    print("\n".join(report(summaries, time.monotonic() - started)))  # noqa: T201
    return int(any(one.violations for one in summaries))


if __name__ == "__main__":
    from tests.simulation import __main__ as package_main  # spawned processes import it by this name

    sys.exit(package_main.main())
