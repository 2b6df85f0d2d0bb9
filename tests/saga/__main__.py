"""`make crash-points`: everything that goes wrong at any call of any function, counted, and what comes of it."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from infra import topology
from tests.saga.crash_points import boundaries, rights, silence, wrong
from tests.saga.stage import Stage
from tests.support.deliveries import When
from tests.support.saga import Saga


@dataclass
class Count:
    """What there is to one function."""

    function: str
    runs: int = 0  # that differ
    calls: int = 0
    points: Counter[When] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def counted(functions: Sequence[str]) -> list[Count]:
    """All points of these functions, in this process."""
    found = {name: Count(name) for name in functions}
    with silence(), Saga.running() as saga:
        stage = Stage(saga)
        for at in boundaries(stage):
            if at.function not in found:
                continue
            count = found[at.function]
            count.runs += at.call == 1
            count.calls += 1
            for when in at.may:
                count.points[when] += 1
                what = wrong(stage, at, when)
                count.wrong += [f"{when} {at}: {what}"] if what else []
    return list(found.values())


def told(found: Sequence[Count], seconds: float) -> Iterator[str]:
    """A line for each function, and the sums."""
    yield f"{'function':36}{'runs':>6}{'calls':>7}" + "".join(f"{when:>8}" for when in When)
    for one in found:
        yield f"{one.function:36}{one.runs:6}{one.calls:7}" + "".join(f"{one.points[when]:8}" for when in When)
    silent = [one.function for one in topology.ROWS if not rights(one)]
    yield f"no calls, for they have no rights: {', '.join(silent)}"
    points = sum(one.points.total() for one in found)
    wrong = [line for one in found for line in one.wrong]
    yield f"{len(found)} functions, {sum(one.calls for one in found)} calls, {points} points in {seconds:.0f} s"
    yield f"{100 * (points - len(wrong)) / points:.6g} % of them end as they must"
    yield from wrong


def main() -> int:
    names = [one.function for one in topology.ROWS if rights(one)]
    started, many = time.monotonic(), os.cpu_count() or 1
    with ProcessPoolExecutor(many, get_context("spawn")) as pool:
        parts = pool.map(counted, [names[at :: 4 * many] for at in range(4 * many)])
        found = {one.function: one for part in parts for one in part}
    print("\n".join(told([found[name] for name in names], time.monotonic() - started)))  # noqa: T201
    return int(any(one.wrong for one in found.values()))


if __name__ == "__main__":
    from tests.saga import __main__ as by_name  # where the processes that are started look for it

    sys.exit(by_name.main())
