"""Whatever goes wrong, every drawn schedule ends as it must; and without a guard some of them do not.

`make simulate SEEDS=n FROM=m` plays any others.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from statistics import median

import pytest

from tests.simulation.__main__ import Short, simulate, summary
from tests.simulation.befallen import KINDS
from tests.simulation.play import ALL_RATES, Plan, play
from tests.support.mutation import ROOT, Change, failures

PART, PARTS = 500, 10
MORE = 20_000  # schedules of other seeds, in the long proofs
HERE = "tests/simulation/test_schedules.py"
FAULTS = sorted({**ALL_RATES, **KINDS})
found: list[Short] = []
pytestmark = pytest.mark.xdist_group("simulation")


@pytest.mark.parametrize("first", [1 + PART * at for at in range(PARTS)])
def test_drawn_schedules_end_as_they_must(first: int) -> None:
    found.extend(_played(PART, first))


def test_the_schedules_were_long_and_full_of_faults() -> None:
    _were_long_and_full_of_faults(found)


@pytest.mark.proof
def test_many_more_schedules_end_as_they_must() -> None:
    _were_long_and_full_of_faults(_played(MORE, 1 + PART * PARTS))


def test_a_seed_plays_the_same_schedule_to_the_byte_in_any_process() -> None:
    told = "from tests.simulation.play import Plan, play; print(*(play(Plan.of(at)).digest for at in range(20)))"
    digests = {_said(told, hash_seed) for hash_seed in ("1", "2")}

    assert digests == {" ".join(play(Plan.of(at)).digest for at in range(20))}
    assert len(next(iter(digests)).split()) == 20


CONTROLS = {
    "enough places": Change(
        "functions/booking/core/stock.py", '"#available >= :qty AND #on_sale = :yes AND', '"#on_sale = :yes AND'
    ),
    "the limit of each person": Change(
        "functions/booking/core/limits.py", "OR #held <= :room", "OR attribute_exists(#held)"
    ),
    "the provider is asked before a payment fails": Change(
        "functions/payment/core/closing.py", "    if not payment.begun:\n        return None\n", "    return None\n"
    ),
}  # fmt: skip


@pytest.mark.proof
@pytest.mark.parametrize("guard", CONTROLS)
def test_without_the_guard_a_schedule_ends_badly(guard: str) -> None:
    node = f"{HERE}::test_drawn_schedules_end_as_they_must[1]"

    assert failures([node], CONTROLS[guard])[0] == [node]


def _played(count: int, first: int) -> list[Short]:
    started = time.monotonic()
    part = simulate(count, first)
    told = "\n".join(summary(part, time.monotonic() - started))
    print(told)  # noqa: T201 - the rate is worth knowing
    assert not [one for one in part if one.violations], told
    return part


def _were_long_and_full_of_faults(played: list[Short]) -> None:
    fired = Counter[str]()
    for one in played:
        fired.update(one.fired)
    assert len(FAULTS) == 34
    assert median(one.runs for one in played) >= 40
    assert min(fired[name] for name in FAULTS) >= len(played) // 25, fired  # 200 times in 5,000 schedules
    assert min(len(Plan.of(one.seed).buyers) for one in played) >= 3
    assert min(len(Plan.of(one.seed).faults) for one in played) >= 2


def _said(code: str, hash_seed: str) -> str:
    paths = os.pathsep.join(str(ROOT / one) for one in (".", "functions", "layers/common/python"))
    around = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
    ran = subprocess.run([sys.executable, "-c", code], env=around, capture_output=True, text=True, check=True)
    return ran.stdout.strip()
