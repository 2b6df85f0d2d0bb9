"""The report of a failing seed has its smallest failing schedule and a condensed trace."""

import os
import re
import subprocess
import sys
from functools import cache

import pytest

from tests.simulation.actors import BEHAVIOURS
from tests.simulation.runner import Plan, Verdict, run_plan
from tests.simulation.shrinking import condense_trace, shrink
from tests.support.faults.source_patches import ROOT, SourcePatch, patched_sources

# A second delivery creates a booking's tickets again: every fault that duplicates a message reveals it.
DEFECT = (
    SourcePatch("functions/ticket/core/issuance.py", "State.PENDING), condition=IS_NEW)", "State.PENDING))"),
    SourcePatch(
        "functions/ticket/core/issuance.py",
        "Put(TABLE, _new_ticket(one), condition=IS_NEW)",
        "Put(TABLE, _new_ticket(one))",
    ),
)
DUPLICATING_FAULTS = ("F1", "F2", "F4", "F5", "F7", "F25", "F26", "F27", "F32")


@cache
def _simulate_output() -> str:
    with patched_sources(*DEFECT) as roots:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join((*roots, str(ROOT)))}
        command = [sys.executable, "-m", "tests.simulation", "5", "1", "1"]
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stderr
    return result.stdout


def test_defect_shrinks_to_one_buyer_and_one_fault() -> None:
    output = _simulate_output()

    assert re.search(r"[1-9]\d* schedules end with a violation", output)
    smallest = output.split("== seed ")[1].splitlines()
    assert re.fullmatch(r"\d+: make simulate SEEDS=1 FROM=\d+", smallest[0])
    assert smallest[1].startswith("!! I8 event ")
    size = "1 buyers, 0 organiser actions, 1 kinds of faults, which fired [12] times"
    assert re.fullmatch(f"the smallest failing schedule has {size}; the first had .*", smallest[2])
    assert any(behaviour in smallest[3] for behaviour in BEHAVIOURS)
    assert smallest[4].strip().split(":")[0] in DUPLICATING_FAULTS


def test_trace_shows_actions_and_faults() -> None:
    lines = _simulate_output().split("== seed ")[1].splitlines()[5:]

    assert any("POST /v1/bookings -> 201" in line for line in lines)
    assert any(re.search(r"payment [0-9a-f]{8}… is SUCCEEDED, was PENDING", line) for line in lines)
    assert any(re.search(r"\*\* F\d+, [a-z\' ]+", line) for line in lines)
    assert sum("ticket.on_booking_confirmed(BookingConfirmed.v1): issue" in line for line in lines) == 2
    assert not any("GetItem" in line or "Query" in line for line in lines)
    assert len(lines) < 60


def test_trace_joins_consecutive_actions_of_one_task() -> None:
    lines = [
        "     1.000 POST /v1/bookings: GetItem bookings",
        "     1.002 POST /v1/bookings: booking 3f2a7d10-3c1e-4f6a-9a51-0a4f8a6d9c11 is PENDING",
        "     1.003 POST /v1/bookings: ** F25",
        "     1.010 ada: POST /v1/bookings -> 201",
        "    77.000 the scheduler: PutItem reconciliation",
    ]

    assert list(condense_trace(lines)) == [
        "      1.00 POST /v1/bookings: booking 3f2a7d10… is PENDING · ** F25, a write's response is lost",
        "      1.01 ada: POST /v1/bookings -> 201",
    ]


def test_clean_schedule_is_not_shrunk() -> None:
    verdict = run_plan(Plan.from_seed(1))

    assert shrink(verdict) is verdict


@pytest.mark.parametrize(
    "action", ["POST /v1/check-ins -> 201", "/cancel -> 200", "/refund -> 201", "/capacity -> 200"]
)
def test_actors_complete_their_actions(action: str) -> None:
    assert any(action in line for verdict in _verdicts() for line in verdict.trace)


@cache
def _verdicts() -> list[Verdict]:
    return [run_plan(Plan.from_seed(seed)) for seed in range(1, 60)]
