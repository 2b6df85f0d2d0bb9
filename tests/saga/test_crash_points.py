"""A crash before or after any call of any function does not change the final state.

The test of a function fails if no journey makes all its granted calls: a new row needs a journey in `journeys.py` or
`auxiliary_journeys.py`. `make crash-points` prints the number of points.
"""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from infra import topology
from tests.saga.alternative_outcomes import ALTERNATIVE_OUTCOMES
from tests.saga.crash_points import (
    ALTERNATIVES_BY_FUNCTION,
    EMAIL_SENDERS,
    UNREACHED_CALLS,
    CallBoundary,
    actual_calls,
    call_boundaries,
    check_fault,
    granted_calls,
    silence_logs,
)
from tests.saga.harness import Harness

ROWS_BY_FUNCTION = {row.function: row for row in topology.ROWS}
CALLING_FUNCTIONS = [name for name, row in ROWS_BY_FUNCTION.items() if granted_calls(row)]


@pytest.fixture(scope="module", autouse=True)
def quiet_logs() -> Iterator[None]:
    with silence_logs():
        yield


@pytest.fixture(scope="module")
def boundaries_by_function(harness: Harness) -> Mapping[str, Sequence[CallBoundary]]:
    by_function: dict[str, list[CallBoundary]] = {}
    for boundary in call_boundaries(harness):
        by_function.setdefault(boundary.function, []).append(boundary)
    return by_function


@pytest.mark.parametrize("function", CALLING_FUNCTIONS)
def test_fault_at_any_call_changes_nothing(
    harness: Harness, boundaries_by_function: Mapping[str, Sequence[CallBoundary]], function: str
) -> None:
    failures = {
        f"{timing} {boundary}": check_fault(harness, boundary, timing)
        for boundary in boundaries_by_function[function]
        for timing in boundary.timings
    }

    assert not {point: failure for point, failure in failures.items() if failure}


def test_every_function_uses_all_its_grants(harness: Harness) -> None:
    calls_by_function = actual_calls(harness)

    missing = {
        (name, call)
        for name in CALLING_FUNCTIONS
        for call in granted_calls(ROWS_BY_FUNCTION[name]) - calls_by_function.get(name, set())
    }

    assert missing == set(UNREACHED_CALLS)


def test_allowed_differences_belong_to_existing_functions() -> None:
    assert set(ALTERNATIVES_BY_FUNCTION) <= set(ROWS_BY_FUNCTION)
    assert {function for pair in ALTERNATIVE_OUTCOMES for function in pair} <= set(ROWS_BY_FUNCTION)
    assert {function for function, _ in UNREACHED_CALLS} <= set(ROWS_BY_FUNCTION)
    assert len(EMAIL_SENDERS) >= 2


def test_functions_without_grants_make_no_calls(boundaries_by_function: Mapping[str, Sequence[CallBoundary]]) -> None:
    assert set(boundaries_by_function) == set(CALLING_FUNCTIONS)
    assert {name.split(".")[0] for name in ROWS_BY_FUNCTION.keys() - set(CALLING_FUNCTIONS)} == {"gateway"}
