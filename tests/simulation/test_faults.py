"""Each fault of the list happens, and nothing is wrong in the end; without the guard that answers it something is.

`make faults` shows all of it in a table.
"""

import pytest

from tests.simulation.befallen import KINDS
from tests.simulation.fault_table import row
from tests.simulation.guards import FAULTS, Guarded
from tests.simulation.play import ALL_RATES
from tests.support.mutation import mutated

NUMBERS = [f"F{number}" for number in range(1, 35)]
EVERY_FAULT = pytest.mark.parametrize("fault", FAULTS, ids=lambda one: str(one.drill))


def test_each_of_the_34_faults_is_in_the_simulator_has_a_drill_and_a_guard() -> None:
    assert [one.drill.fault for one in FAULTS] == NUMBERS
    assert sorted({**ALL_RATES, **KINDS}) == sorted(NUMBERS)
    assert all(one.guard and one.changes for one in FAULTS)
    assert len({one.changes for one in FAULTS}) == len(FAULTS)


@EVERY_FAULT
def test_the_fault_strikes_and_nothing_is_wrong_in_the_end(fault: Guarded) -> None:
    score = fault.drill.played()

    assert score.fired > 0
    assert not score.bad, score


@EVERY_FAULT
def test_the_guard_stands_where_its_control_looks_for_it(fault: Guarded) -> None:
    with mutated(*fault.changes):
        assert fault.changes


@pytest.mark.proof
@EVERY_FAULT
def test_without_its_guard_the_same_schedules_end_badly(fault: Guarded) -> None:
    found = row(fault)

    assert not found.missing, f"{fault.drill}: {found.missing}"
