"""Wherever a function's process ends, all ends as if it had not: for every call of every function that messages wake.

Whoever woke it wakes it again.
"""

import pytest

from infra import topology
from infra.vocabulary import On, Stream
from tests.saga.crash_points import boundaries, wrong
from tests.saga.stage import Stage

FUNCTIONS = [one.function for one in topology.ROWS if isinstance(one, On | Stream)]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_death_before_or_after_any_call_changes_nothing(stage: Stage, function: str) -> None:
    found = [at for at in boundaries(stage) if at.function == function]

    said = {
        f"{'after' if after else 'before'} {at}": wrong(stage, at, after=after)
        for at in found
        for after in (False, True)
    }

    assert found, f"no journey makes {function} call anything: add one"
    assert not {at: what for at, what in said.items() if what}
