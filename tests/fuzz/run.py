"""Runs of schemathesis, one for each role, and their results."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.fuzz_fixture import FuzzFixture
from tests.fuzz.roles import ROLES, allowed_roles
from tools.docs import introspection

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PHASES = "examples,coverage,fuzzing,stateful"
MIN_SUCCESS_RATE = 0.3  # of an operation's positive cases


@dataclass(frozen=True)
class Outcome:
    """The result of one role's run: schemathesis's verdict, and every response."""

    role: str
    failed: bool
    output: str
    responses: tuple[dict[str, object], ...]


def run_as_role(fixture: FuzzFixture, role: str, directory: Path, *, examples: int, phases: str = PHASES) -> Outcome:
    """Run all checks on every operation, with a fixed seed."""
    role_directory = directory / role
    role_directory.mkdir(parents=True, exist_ok=True)
    (role_directory / "fixture.json").write_text(json.dumps(fixture.to_dict()))
    responses_file = role_directory / "responses.jsonl"
    environment = {
        "FUZZ_ROLE": role,
        "FUZZ_FIXTURE": str(role_directory / "fixture.json"),
        "FUZZ_RESPONSES": str(responses_file),
    }
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "functions", ROOT / "layers/common/python")))
    command = [str(Path(sys.executable).parent / "st"), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [str(ROOT / "docs/openapi.json"), "--url", fixture.api, "--checks", "all", "--seed", "1"]
    command += ["--max-examples", str(examples), "--workers", "1", "--request-timeout", "35", "--no-color"]
    command += ["--continue-on-failure", "--no-shrink", "--generation-database", "none"]
    command += ["--phases", phases]
    result = subprocess.run(
        command, cwd=role_directory, capture_output=True, text=True, check=False,
        env=os.environ | environment | {"SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": paths},
    )  # fmt: skip
    lines = responses_file.read_text().splitlines() if responses_file.exists() else []
    return Outcome(role, result.returncode != 0, result.stdout + result.stderr, tuple(map(json.loads, lines)))


def run_all_roles(fixture: FuzzFixture, directory: Path, *, examples: int, phases: str = PHASES) -> list[Outcome]:
    """Run all roles concurrently."""
    with ThreadPoolExecutor(len(ROLES)) as pool:
        return list(
            pool.map(lambda role: run_as_role(fixture, role, directory, examples=examples, phases=phases), ROLES)
        )


@dataclass
class SuccessCount:
    """Counts of one call as one role: cases, positive cases, and positive cases with a 2xx response."""

    cases: int = 0
    positive: int = 0
    succeeded: int = 0

    @property
    def rate(self) -> float:
        return self.succeeded / self.positive if self.positive else 0.0


def success_counts(outcomes: list[Outcome]) -> dict[str, dict[str, SuccessCount]]:
    """The counts by call and by each allowed role."""
    counts_by_call = {
        row.route_key: {role: SuccessCount() for role in allowed_roles(row)} for row in introspection.routes()
    }
    for outcome in outcomes:
        for response in outcome.responses:
            count = counts_by_call[str(response["call"])].get(outcome.role)
            if count:
                count.cases += 1
                count.positive += bool(response["positive"])
                count.succeeded += bool(response["positive"]) and 200 <= int(str(response["status"])) < 300
    return counts_by_call


def below_minimum(counts_by_call: dict[str, dict[str, SuccessCount]]) -> dict[tuple[str, str], SuccessCount]:
    """Calls and roles with too few successful positive cases."""
    counts = {(call, role): count for call, roles in counts_by_call.items() for role, count in roles.items()}
    return {key: count for key, count in counts.items() if count.rate < MIN_SUCCESS_RATE}


def success_table(counts_by_call: dict[str, dict[str, SuccessCount]]) -> str:
    """One line per call: for each allowed role the cases, and the share of 2xx in the positive ones."""
    return "\n".join(f"{call:58}{_line(roles)}" for call, roles in sorted(counts_by_call.items()))


def _line(roles: dict[str, SuccessCount]) -> str:
    return "".join(f"  {role} {count.cases} {count.rate:.0%}" for role, count in roles.items())
