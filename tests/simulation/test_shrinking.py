"""A seed that ends badly is shown as the smallest schedule that ends as badly, and as a story that can be read."""

import os
import re
import subprocess
import sys
from functools import cache

import pytest

from tests.simulation.people import WAYS
from tests.simulation.play import Plan, Verdict, play
from tests.simulation.shrinking import shrunk, story
from tests.support.mutation import ROOT, Change, mutated

# A second delivery makes the tickets of a booking anew: any fault by which a message comes twice shows it.
PLANTED = (
    Change("functions/ticket/core/issues.py", "State.PENDING), condition=NEW)", "State.PENDING))"),
    Change("functions/ticket/core/issues.py", "Put(TABLE, _ticket(one), condition=NEW)", "Put(TABLE, _ticket(one))"),
)
TWICE = ("F1", "F2", "F4", "F5", "F7", "F25", "F26", "F27", "F32")


@cache
def _said() -> str:
    with mutated(*PLANTED) as roots:
        around = os.environ | {"PYTHONPATH": os.pathsep.join((*roots, str(ROOT)))}
        command = [sys.executable, "-m", "tests.simulation", "5", "1", "1"]
        ran = subprocess.run(command, cwd=ROOT, env=around, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    return ran.stdout


def test_a_defect_is_shown_as_one_buyer_and_one_fault_that_hardly_strikes() -> None:
    said = _said()

    assert re.search(r"[1-9]\d* schedules end with a violation", said)
    smallest = said.split("== seed ")[1].splitlines()
    assert re.fullmatch(r"\d+: make simulate SEEDS=1 FROM=\d+", smallest[0])
    assert smallest[1].startswith("!! I8 event ")
    few = "1 buyers, 0 acts of the organiser, 1 kinds of faults, which struck [12] times"
    assert re.fullmatch(f"the smallest schedule that ends so has {few}; the first had .*", smallest[2])
    assert any(way in smallest[3] for way in WAYS)
    assert smallest[4].strip().split(":")[0] in TWICE


def test_its_story_says_who_did_what_and_what_went_wrong() -> None:
    lines = _said().split("== seed ")[1].splitlines()[5:]

    assert any("POST /v1/bookings -> 201" in line for line in lines)
    assert any(re.search(r"payment [0-9a-f]{8}… is SUCCEEDED, was PENDING", line) for line in lines)
    assert any(re.search(r"\*\* F\d+, [a-z ]+", line) for line in lines)
    assert sum("ticket.on_booking_confirmed(BookingConfirmed.v1): issue" in line for line in lines) == 2
    assert not any("GetItem" in line or "Query" in line for line in lines)
    assert len(lines) < 60


def test_what_is_told_is_one_line_for_all_that_one_did_in_one_go() -> None:
    lines = [
        "     1.000 POST /v1/bookings: GetItem bookings",
        "     1.002 POST /v1/bookings: booking 3f2a7d10-3c1e-4f6a-9a51-0a4f8a6d9c11 is PENDING",
        "     1.003 POST /v1/bookings: ** F25",
        "     1.010 ada: POST /v1/bookings -> 201",
        "    77.000 the clock: PutItem rounds",
    ]

    assert list(story(lines)) == [
        "      1.00 POST /v1/bookings: booking 3f2a7d10… is PENDING · ** F25, a write is done and its reply lost",
        "      1.01 ada: POST /v1/bookings -> 201",
    ]


def test_a_schedule_that_ends_well_is_not_shrunk() -> None:
    verdict = play(Plan.of(1))

    assert shrunk(verdict) is verdict


@pytest.mark.parametrize("deed", ["POST /v1/check-ins -> 201", "/cancel -> 200", "/refund -> 201", "/capacity -> 200"])
def test_people_get_what_they_come_for(deed: str) -> None:
    assert any(deed in line for verdict in _played() for line in verdict.story)


@cache
def _played() -> list[Verdict]:
    return [play(Plan.of(seed)) for seed in range(1, 60)]
