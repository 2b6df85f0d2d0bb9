"""The API fuzzed from its own document: nothing fails, and every call does what it is for often enough to be tried."""

import sys
from pathlib import Path

import pytest

from local.stack import Stack
from tests.fuzz.roles import ROLES
from tests.fuzz.run import Outcome, everybody, poor, shares, table
from tests.fuzz.world import World
from tests.support.stack import ADMIN

_EXAMPLES = 100
_FEW = 2


def verdict(outcome: Outcome) -> str:
    """What schemathesis found, from its failures on; empty if nothing."""
    errors = [str(note) for note in outcome.notes if int(str(note["status"])) >= 500]
    found = outcome.said.partition("= ERRORS =")[2] or outcome.said.partition("= FAILURES =")[2] or outcome.said
    return "\n".join([*errors, found]) if outcome.failed or errors else ""


def nothing_found(outcomes: list[Outcome]) -> None:
    said = {one.role: verdict(one) for one in outcomes}
    assert list(said) == list(ROLES)
    found = "\n".join(f"As {role}:\n{text}" for role, text in said.items() if text)
    assert not found, found  # the whole of it: pytest would cut it


def test_a_short_run_as_each_role_finds_nothing_and_every_call_succeeds(stack: Stack, tmp_path: Path) -> None:
    outcomes = everybody(World.made(stack, ADMIN), tmp_path, examples=_FEW, phases="examples,fuzzing")

    nothing_found(outcomes)
    assert poor(shares(outcomes)) == {}


@pytest.mark.proof
def test_a_long_run_as_each_role_finds_nothing_and_every_call_succeeds_often(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = everybody(World.made(stack, ADMIN), tmp_path, examples=_EXAMPLES)

    found = shares(outcomes)
    with capsys.disabled():
        sys.stdout.write(f"\n{table(found)}\n")
    nothing_found(outcomes)
    assert poor(found) == {}
