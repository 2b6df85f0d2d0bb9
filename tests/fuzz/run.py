"""One run of schemathesis as one role, and what came of it."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.world import World

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PHASES = "examples,coverage,fuzzing,stateful"
WANTED = 0.3  # of an operation's positive cases, at least, are to succeed


@dataclass(frozen=True)
class Outcome:
    """How one role's run ended: schemathesis's own verdict, and every answer."""

    role: str
    failed: bool
    said: str
    notes: tuple[dict[str, object], ...]


def fuzz(world: World, role: str, directory: Path, *, examples: int, phases: str = PHASES) -> Outcome:
    """All checks, all phases, every operation, from a fixed seed."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "world.json").write_text(json.dumps(world.plain()))
    notes = directory / f"{role}.jsonl"
    given = {"FUZZ_ROLE": role, "FUZZ_WORLD": str(directory / "world.json"), "FUZZ_NOTES": str(notes)}
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "functions", ROOT / "layers/common/python")))
    command = [str(Path(sys.executable).parent / "st"), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [str(ROOT / "docs/openapi.json"), "--url", world.api, "--checks", "all", "--seed", "1"]
    command += ["--max-examples", str(examples), "--workers", "1", "--request-timeout", "35", "--no-color"]
    command += ["--continue-on-failure", "--no-shrink", "--generation-database", "none"]
    command += ["--phases", phases]
    ran = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, check=False,
        env=os.environ | given | {"SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": paths},
    )  # fmt: skip
    lines = notes.read_text().splitlines() if notes.exists() else []
    return Outcome(role, ran.returncode != 0, ran.stdout + ran.stderr, tuple(map(json.loads, lines)))


def shares(outcomes: list[Outcome]) -> dict[str, tuple[int, float]]:
    """By operation: all cases, and the share of 2xx in the positive cases of the role that does best."""
    cases: dict[str, int] = defaultdict(int)
    positive: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        for note in outcome.notes:
            call, status = str(note["call"]), int(str(note["status"]))
            cases[call] += 1
            if note["positive"]:
                positive[call][outcome.role].append(200 <= status < 300)
    best = {call: max(sum(one) / len(one) for one in roles.values()) for call, roles in positive.items()}
    return {call: (number, best.get(call, 0.0)) for call, number in sorted(cases.items())}


def table(found: dict[str, tuple[int, float]]) -> str:
    """A line per operation."""
    return "\n".join(f"{call:60} {cases:6} cases {share:6.0%} 2xx" for call, (cases, share) in found.items())
