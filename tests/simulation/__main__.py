"""`make simulate SEEDS=n FROM=m`: so many schedules from that seed on; the stories of the first that fail."""

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

from tests.simulation.befallen import KINDS
from tests.simulation.play import ALL_RATES, Plan, play
from tests.simulation.shrinking import shrunk, told

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_CHUNK = 25
_SHOWN = 3  # failing seeds whose stories are told


@dataclass(frozen=True)
class Short:
    """What is kept of a verdict."""

    seed: int
    runs: int
    fired: dict[str, int]
    violations: tuple[str, ...]
    seconds: float  # of a processor


def judged(seeds: Sequence[int]) -> list[Short]:
    """The seeds' verdicts, in this process."""
    gc.set_threshold(20_000)  # schedules leave little behind: looking for it often is a twentieth of their time
    return [_short(seed) for seed in seeds]


def simulate(count: int, first: int, *, processes: int | None = None) -> list[Short]:
    """The verdicts of so many seeds, on all cores."""
    seeds = iter(range(first, first + count))
    chunks = list(iter(lambda: tuple(islice(seeds, _CHUNK)), ()))
    return [one for found in _pool(processes or CORES).map(judged, chunks) for one in found]


@cache
def _pool(processes: int) -> ProcessPoolExecutor:
    # Kept: what they import takes a process as long as forty schedules.
    return ProcessPoolExecutor(processes, get_context("spawn"))


def summary(found: Sequence[Short], seconds: float) -> Iterator[str]:
    """What a reader wants to know of the schedules."""
    fired = Counter[str]()
    for one in found:
        fired.update(one.fired)
    runs, each = [one.runs for one in found], 1000 * sum(one.seconds for one in found) / len(found)
    rate = f"{len(found) / seconds:.0f}/s on {CORES} cores, {each:.1f} ms of one core each"
    yield f"{len(found)} schedules in {seconds:.1f} s ({rate}), {sum(runs)} handler runs, median {median(runs):.0f}"
    yield ", ".join(f"{name} {fired[name]}" for name in sorted({**ALL_RATES, **KINDS}, key=lambda name: int(name[1:])))
    failed = [one for one in found if one.violations]
    yield f"{len(failed)} schedules end with a violation"
    for one in failed[:_SHOWN]:
        yield from story(one.seed)


def story(seed: int) -> Iterator[str]:
    """What happened in the smallest schedule of this seed that ends in the same way."""
    first = play(Plan.of(seed))
    yield from ("", *told(shrunk(first), first))


def _short(seed: int) -> Short:
    started = time.process_time()
    verdict = play(Plan.of(seed))
    return Short(seed, verdict.runs, dict(verdict.fired), verdict.violations, time.process_time() - started)


def asked(words: Sequence[str]) -> tuple[int, int, int]:
    """How many, the first seed, and the processes; 0 for one on each core. Raises ValueError."""
    for word in words:
        if not (word.isascii() and word.isdigit()):
            raise ValueError(f"{word} is not a whole number from 0 on.")
    count, first, processes = (*map(int, words), *(1000, 1, 0)[len(words) :])
    if not count:
        raise ValueError("SEEDS is how many schedules are played, at least one.")
    return count, first, processes


def main() -> int:
    try:
        count, first, processes = asked(sys.argv[1:])
    except ValueError as reason:
        print(reason, file=sys.stderr)  # noqa: T201
        return 2
    started = time.monotonic()
    found = simulate(count, first, processes=processes or None)
    print("\n".join(summary(found, time.monotonic() - started)))  # noqa: T201
    return int(any(one.violations for one in found))


if __name__ == "__main__":
    from tests.simulation import __main__ as by_name  # where the processes that are started look for it

    sys.exit(by_name.main())
