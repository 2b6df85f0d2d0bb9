"""Random schedules with faults end without violations; without a guard, some fail.

`make simulate SEEDS=n FROM=m` runs other seeds.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from statistics import median

import pytest

from tests.simulation.__main__ import Summary, report, simulate
from tests.simulation.emergent_faults import EMERGENT_FAULTS
from tests.simulation.runner import ALL_RATES, Plan, run_plan
from tests.support.faults.source_patches import ROOT, SourcePatch, failing_tests

SCHEDULES_PER_PART, PARTS = 500, 10
PROOF_SCHEDULES = 20_000  # of other seeds, for `make prove`
HERE = "tests/simulation/test_schedules.py"
_PRINT_DIGESTS = """
from tests.simulation.runner import Plan, run_plan
print(*(run_plan(Plan.from_seed(at)).digest for at in range(20)))
"""
FAULTS = sorted({**ALL_RATES, **EMERGENT_FAULTS})
summaries: list[Summary] = []  # of the tests in this process
pytestmark = pytest.mark.xdist_group("simulation")


@pytest.mark.parametrize("first", [1 + SCHEDULES_PER_PART * at for at in range(PARTS)])
def test_random_schedules_end_without_violations(first: int) -> None:
    summaries.extend(_simulate(SCHEDULES_PER_PART, first))


def test_random_schedules_cover_all_faults() -> None:
    _check_coverage(summaries)


@pytest.mark.proof
def test_many_random_schedules_end_without_violations() -> None:
    _check_coverage(_simulate(PROOF_SCHEDULES, 1 + SCHEDULES_PER_PART * PARTS))


def test_seed_gives_identical_schedule_in_any_process() -> None:
    digests = {_run_code(_PRINT_DIGESTS, hash_seed) for hash_seed in ("1", "2")}

    assert digests == {" ".join(run_plan(Plan.from_seed(at)).digest for at in range(20))}
    assert len(next(iter(digests)).split()) == 20


CONTROLS = {
    "places are available": SourcePatch(
        "functions/booking/core/inventory.py", '"#available >= :qty AND #on_sale = :yes AND', '"#on_sale = :yes AND'
    ),
    "purchase limit": SourcePatch(
        "functions/booking/core/inventory.py", "OR #held <= :room", "OR attribute_exists(#held)"
    ),
    "the checkout expires before its payment fails": SourcePatch(
        "functions/payment/core/lifecycle.py",
        "    if not payment.has_open_attempt:\n        return None\n",
        "    return None\n",
    ),
}


@pytest.mark.proof
@pytest.mark.parametrize("guard", CONTROLS)
def test_some_schedule_fails_without_guard(guard: str) -> None:
    node = f"{HERE}::test_random_schedules_end_without_violations[1]"

    assert failing_tests([node], CONTROLS[guard])[0] == [node]


def _simulate(count: int, first: int) -> list[Summary]:
    started = time.monotonic()
    part = simulate(count, first)
    text = "\n".join(report(part, time.monotonic() - started))
    print(text)  # noqa: T201 - reports the rate
    assert not [one for one in part if one.violations], text
    return part


def _check_coverage(summaries: list[Summary]) -> None:
    fired = Counter[str]()
    for one in summaries:
        fired.update(one.fired)
    assert len(FAULTS) == 34
    assert median(one.runs for one in summaries) >= 40
    assert min(fired[name] for name in FAULTS) >= len(summaries) // 25, fired  # 200 times in 5,000 schedules
    assert min(len(Plan.from_seed(one.seed).buyers) for one in summaries) >= 3
    assert min(len(Plan.from_seed(one.seed).faults) for one in summaries) >= 2


def _run_code(code: str, hash_seed: str) -> str:
    paths = os.pathsep.join(str(ROOT / one) for one in (".", "functions", "layers/common/python"))
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return result.stdout.strip()
