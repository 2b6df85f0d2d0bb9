"""One run of schemathesis as one role, and what came of it."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.roles import ROLES, may
from tests.fuzz.world import World
from tools.docs import read

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
    own = directory / role
    own.mkdir(parents=True, exist_ok=True)
    (own / "world.json").write_text(json.dumps(world.plain()))
    notes = own / "answers.jsonl"
    given = {"FUZZ_ROLE": role, "FUZZ_WORLD": str(own / "world.json"), "FUZZ_NOTES": str(notes)}
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "functions", ROOT / "layers/common/python")))
    command = [str(Path(sys.executable).parent / "st"), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [str(ROOT / "docs/openapi.json"), "--url", world.api, "--checks", "all", "--seed", "1"]
    command += ["--max-examples", str(examples), "--workers", "1", "--request-timeout", "35", "--no-color"]
    command += ["--continue-on-failure", "--no-shrink", "--generation-database", "none"]
    command += ["--phases", phases]
    ran = subprocess.run(
        command, cwd=own, capture_output=True, text=True, check=False,
        env=os.environ | given | {"SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": paths},
    )  # fmt: skip
    lines = notes.read_text().splitlines() if notes.exists() else []
    return Outcome(role, ran.returncode != 0, ran.stdout + ran.stderr, tuple(map(json.loads, lines)))


def everybody(world: World, directory: Path, *, examples: int, phases: str = PHASES) -> list[Outcome]:
    """Each role's run, all at the same time."""
    with ThreadPoolExecutor(len(ROLES)) as pool:
        return list(pool.map(lambda role: fuzz(world, role, directory, examples=examples, phases=phases), ROLES))


@dataclass
class Share:
    """Of one call as one role: all cases, the positive ones, and how many of those were answered with 2xx."""

    cases: int = 0
    positive: int = 0
    succeeded: int = 0

    @property
    def much(self) -> float:
        return self.succeeded / self.positive if self.positive else 0.0


def shares(outcomes: list[Outcome]) -> dict[str, dict[str, Share]]:
    """By call, and by each role that it is for."""
    found = {row.call: {role: Share() for role in may(row)} for row in read.routes()}
    for outcome in outcomes:
        for note in outcome.notes:
            share = found[str(note["call"])].get(outcome.role)
            if share:
                share.cases += 1
                share.positive += bool(note["positive"])
                share.succeeded += bool(note["positive"]) and 200 <= int(str(note["status"])) < 300
    return found


def poor(found: dict[str, dict[str, Share]]) -> dict[tuple[str, str], Share]:
    """Where too few positive cases succeed for the call to have been tried."""
    each = {(call, role): share for call, roles in found.items() for role, share in roles.items()}
    return {at: share for at, share in each.items() if share.much < WANTED}


def table(found: dict[str, dict[str, Share]]) -> str:
    """A line per call: for each role that it is for all cases, and the share of 2xx in the positive ones."""
    return "\n".join(f"{call:58}{_line(roles)}" for call, roles in sorted(found.items()))


def _line(roles: dict[str, Share]) -> str:
    return "".join(f"  {role} {share.cases} {share.much:.0%}" for role, share in roles.items())
