"""Wherever a function's process ends, all ends as if it had not: for every call of every function of the topology.

A function that no journey brings to all that it has a right to makes its test red: a new row needs a journey in
`journeys.py`, or a visit in `visits.py`. `make crash-points` shows how many there are.
"""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from infra import topology
from tests.saga.crash_points import UNASKED, Boundary, asked, boundaries, rights, silence, wrong
from tests.saga.stage import Stage

ALL = {one.function: one for one in topology.ROWS}
ASKING = [name for name, row in ALL.items() if rights(row)]


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    with silence():
        yield


@pytest.fixture(scope="module")
def found(stage: Stage) -> Mapping[str, Sequence[Boundary]]:
    known: dict[str, list[Boundary]] = {}
    for at in boundaries(stage):
        known.setdefault(at.function, []).append(at)
    return known


@pytest.mark.parametrize("function", ASKING)
def test_whatever_goes_wrong_at_any_call_changes_nothing(
    stage: Stage, found: Mapping[str, Sequence[Boundary]], function: str
) -> None:
    said = {f"{when} {at}": wrong(stage, at, when) for at in found[function] for when in at.may}

    assert not {where: what for where, what in said.items() if what}


def test_every_function_makes_every_call_that_it_has_a_right_to(stage: Stage) -> None:
    known = asked(stage)

    missing = {(name, one) for name in ASKING for one in rights(ALL[name]) - known.get(name, set())}

    assert missing == set(UNASKED)


def test_who_has_no_rights_calls_nobody(found: Mapping[str, Sequence[Boundary]]) -> None:
    assert set(found) == set(ASKING)
    assert {name.split(".")[0] for name in ALL.keys() - set(ASKING)} == {"gateway"}
