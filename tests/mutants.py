"""Mutation tests: change each core in thousands of small ways; the tests must fail.

    python -m tests.mutants [CORE...]      the cores are those of CORES; default: all

mutmut identifies modules by path, so it runs in a workspace in which the import roots are merged. Exit 1 if fewer
than 90 % of a core's mutants are killed. The survivors are listed; `mutmut show NAME` in build/mutants/CORE shows one.
"""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import environ
from pathlib import Path

from mutmut.stats import status_by_exit_code

ROOT = Path(__file__).parents[1]
MIN_KILLED_SHARE = 0.9
_COPIED_BESIDE = ("infra", "local", "tools", "docs", "requirements", "app.py", "cdk.json")
_IGNORED = shutil.ignore_patterns("__pycache__")
_KILLED = {"killed", "timeout", "segfault", "caught by type check"}


@dataclass(frozen=True)
class Core:
    """The mutated modules and the tests that must kill the mutants: patterns below the import roots and tests/."""

    mutated: tuple[str, ...]
    tests: tuple[str, ...]


def _service_tests(service: str, *kinds: str) -> tuple[str, ...]:
    return (f"component/{service}/test_*.py", *(f"{kind}/test_{service}_*.py" for kind in kinds))


IMPORT_ROOTS = (ROOT / "functions", ROOT / "layers/common/python")
CORES = {
    "common": Core(
        (
            "common/statemachine.py", "common/pagination/tokens.py", "common/pagination/paginator.py",
            "common/consumer.py",
        ),
        (
            "unit/test_common_basics.py", "component/common/test_consumer.py", "component/common/test_pagination.py",
            "properties/test_common_pagination.py",
        ),
    ),
    "booking": Core(("booking/core/*.py",), _service_tests("booking", "unit", "properties")),
    "payment": Core(
        ("payment/core/*.py", "payment/core/providers/*.py"), _service_tests("payment", "unit")
    ),
    "ticket": Core(("ticket/core/*.py", "ticket/core/rendering/*.py"), _service_tests("ticket", "unit")),
}  # fmt: skip


def main(names: Sequence[str]) -> int:
    """The exit code: 0 if enough mutants of every core are killed."""
    if unknown := [name for name in names if name not in CORES]:
        sys.stderr.write(f"There is no core {unknown[0]}; there are {', '.join(CORES)}.\n")
        return 2
    scores = {name: _score(name, CORES[name]) for name in names or CORES}
    for name, (killed, total) in scores.items():
        sys.stdout.write(f"{name:10} {killed} of {total} mutants killed: {killed / total:.1%}\n")
    return int(any(killed < MIN_KILLED_SHARE * total for killed, total in scores.values()))


def _score(name: str, core: Core) -> tuple[int, int]:
    workspace = ROOT / "build/mutants" / name
    shutil.rmtree(workspace, ignore_errors=True)  # mutmut would reuse earlier results
    _prepare(workspace, core)
    paths = {"PYTHONPATH": str(workspace)} | {key: text for key, text in environ.items() if key != "PYTHONPATH"}
    subprocess.run([sys.executable, "-m", "mutmut", "run"], cwd=workspace, env=paths, check=True)
    statuses = _mutant_statuses(workspace)
    for mutant, status in statuses.items():
        if status not in _KILLED:
            sys.stdout.write(f"{status}: {mutant}\n")
    counts = Counter(status in _KILLED for status in statuses.values())
    return counts[True], len(statuses)


def _prepare(workspace: Path, core: Core) -> None:
    """Copy the sources to `src`, everything else unchanged."""
    shutil.copytree(ROOT / "functions", workspace / "src", ignore=_IGNORED)
    shutil.copytree(ROOT / "layers/common/python", workspace / "src", ignore=_IGNORED, dirs_exist_ok=True)
    for name in (*_COPIED_BESIDE, "tests"):
        copy: Callable[[Path, Path], object] = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, workspace / name)
    tests = matching_files((ROOT / "tests",), core.tests)
    settings = (
        (ROOT / "pyproject.toml").read_text().replace('"functions", "layers/common/python", "generated"', '"src"')
    )
    (workspace / "pyproject.toml").write_text(settings + _settings(core, tests))


def matching_files(roots: Sequence[Path], patterns: Sequence[str]) -> list[str]:
    """The files below `roots` that match, relative to the repository. Raises LookupError for a pattern without any."""
    found: set[str] = set()
    for pattern in patterns:
        files = {str(file.relative_to(ROOT)) for root in roots for file in root.glob(pattern)}
        if not files:
            raise LookupError(f"no file matches {pattern}")
        found |= files
    return sorted(found)


def _settings(core: Core, tests: Sequence[str]) -> str:
    fields: Mapping[str, object] = {
        "source_paths": ["src"],
        "only_mutate": [f"src/{one}" for one in core.mutated],
        "also_copy": list(_COPIED_BESIDE),
        "pytest_add_cli_args_test_selection": list(tests),
        "pytest_add_cli_args": ["-p", "no:cacheprovider"],
        "timeout_multiplier": 5.0,
    }
    return "\n[tool.mutmut]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())


def _mutant_statuses(workspace: Path) -> dict[str, str]:
    """The status of each mutant, by name."""
    return {name: status_by_exit_code[code] for meta in _result_files(workspace) for name, code in meta.items()}


def _result_files(workspace: Path) -> Iterator[dict[str, int | None]]:
    for file in sorted((workspace / "mutants/src").rglob("*.meta")):
        yield json.loads(file.read_text())["exit_code_by_key"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
