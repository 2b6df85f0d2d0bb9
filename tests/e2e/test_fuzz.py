"""Fuzzing the API from its OpenAPI document finds no failure, and every operation succeeds often enough."""

import sys
from pathlib import Path

import pytest

from local.stack import Stack
from tests.fuzz.fuzz_fixture import FuzzFixture
from tests.fuzz.roles import ROLES
from tests.fuzz.run import Outcome, below_minimum, run_all_roles, success_counts, success_table
from tests.support.system.e2e_stack import ADMIN

_EXAMPLES = 100
_FEW_EXAMPLES = 2


def verdict(outcome: Outcome) -> str:
    """The failures that schemathesis found; empty if there are none."""
    errors = [str(response) for response in outcome.responses if int(str(response["status"])) >= 500]
    failures = (
        outcome.output.partition("= ERRORS =")[2] or outcome.output.partition("= FAILURES =")[2] or outcome.output
    )
    return "\n".join([*errors, failures]) if outcome.failed or errors else ""


def assert_no_failures(outcomes: list[Outcome]) -> None:
    verdicts = {one.role: verdict(one) for one in outcomes}
    assert list(verdicts) == list(ROLES)
    failures = "\n".join(f"As {role}:\n{text}" for role, text in verdicts.items() if text)
    assert not failures, failures  # as the message, because pytest truncates operands


def test_short_fuzz_run_finds_nothing_as_each_role(stack: Stack, tmp_path: Path) -> None:
    outcomes = run_all_roles(
        FuzzFixture.create(stack, ADMIN), tmp_path, examples=_FEW_EXAMPLES, phases="examples,fuzzing"
    )

    assert_no_failures(outcomes)
    assert below_minimum(success_counts(outcomes)) == {}


@pytest.mark.proof
def test_long_fuzz_run_finds_nothing_as_each_role(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = run_all_roles(FuzzFixture.create(stack, ADMIN), tmp_path, examples=_EXAMPLES)

    counts = success_counts(outcomes)
    with capsys.disabled():
        sys.stdout.write(f"\n{success_table(counts)}\n")
    assert_no_failures(outcomes)
    assert below_minimum(counts) == {}
