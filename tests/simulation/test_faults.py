"""Each fault fires without a violation; without its guard, the same schedules end with one.

`make faults` prints the table.
"""

import pytest

from tests.simulation.emergent_faults import EMERGENT_FAULTS
from tests.simulation.fault_report import run_case
from tests.simulation.guards import FAULT_CASES, FaultCase
from tests.simulation.runner import ALL_RATES
from tests.support.faults.source_patches import patched_sources

NUMBERS = [f"F{number}" for number in range(1, 35)]
EVERY_FAULT = pytest.mark.parametrize("fault", FAULT_CASES, ids=lambda one: str(one.forced_fault))


def test_every_fault_has_a_forced_fault_and_guard() -> None:
    assert [one.forced_fault.fault for one in FAULT_CASES] == NUMBERS
    assert sorted({**ALL_RATES, **EMERGENT_FAULTS}) == sorted(NUMBERS)
    assert all(one.guard and one.patches for one in FAULT_CASES)
    assert len({one.patches for one in FAULT_CASES}) == len(FAULT_CASES)


@EVERY_FAULT
def test_fault_fires_without_violations(fault: FaultCase) -> None:
    score = fault.forced_fault.run()

    assert score.fired > 0
    assert not score.failed, score


@EVERY_FAULT
def test_guard_patch_applies(fault: FaultCase) -> None:
    with patched_sources(*fault.patches):
        assert fault.patches


@pytest.mark.proof
@EVERY_FAULT
def test_schedules_fail_without_guard(fault: FaultCase) -> None:
    row = run_case(fault)

    assert not row.problems, f"{fault.forced_fault}: {row.problems}"
