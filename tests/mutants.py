"""Mutation tests: each core is changed in thousands of small ways, and the tests must notice.

    python -m tests.mutants [CORE...]      the cores are those of CORES; all of them, if none is named

mutmut copies what it mutates and knows modules by their path, so it works in a directory of its own in which the
import roots are one. Exit 1 if fewer than 90 % of a core's mutants are noticed; those that nobody noticed are listed,
and `mutmut show NAME` in build/mutants/CORE shows one.
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
WANTED = 0.9
_BESIDE = ("infra", "local", "tools", "docs", "requirements", "app.py", "cdk.json")
_UNSEEN = shutil.ignore_patterns("__pycache__")
_NOTICED = {"killed", "timeout", "segfault", "caught by type check"}


@dataclass(frozen=True)
class Core:
    """What is mutated, and the tests that are to notice, as patterns below the import roots and below tests/."""

    mutated: tuple[str, ...]
    tests: tuple[str, ...]


def _of(service: str) -> tuple[str, ...]:
    return tuple(f"{kind}/test_{service}_*.py" for kind in ("unit", "component", "properties"))


CORES = {
    "common": Core(
        ("common/statemachine.py", "common/cursor.py", "common/consumer.py"),
        (
            "unit/test_common_words.py", "component/test_common_consumer.py", "component/test_common_cursor.py",
            "properties/test_common_cursor.py",
        ),
    ),
    "booking": Core(("booking/core/*.py",), _of("booking")),
    "payment": Core(("payment/core/*.py",), _of("payment")),
    "ticket": Core(("ticket/core/*.py",), _of("ticket")),
}  # fmt: skip


def main(names: Sequence[str]) -> int:
    """Whether all were noticed often enough, as an exit code."""
    if unknown := [name for name in names if name not in CORES]:
        sys.stderr.write(f"There is no core {unknown[0]}; there are {', '.join(CORES)}.\n")
        return 2
    scores = {name: _score(name, CORES[name]) for name in names or CORES}
    for name, (noticed, all_of_them) in scores.items():
        sys.stdout.write(f"{name:10} {noticed} of {all_of_them} mutants noticed: {noticed / all_of_them:.1%}\n")
    return int(any(noticed < WANTED * all_of_them for noticed, all_of_them in scores.values()))


def _score(name: str, core: Core) -> tuple[int, int]:
    stage = ROOT / "build/mutants" / name
    shutil.rmtree(stage, ignore_errors=True)  # mutmut would believe what earlier tests had noticed
    _prepare(stage, core)
    paths = {"PYTHONPATH": str(stage)} | {key: text for key, text in environ.items() if key != "PYTHONPATH"}
    subprocess.run([sys.executable, "-m", "mutmut", "run"], cwd=stage, env=paths, check=True)
    ends = _ends(stage)
    for mutant, end in ends.items():
        if end not in _NOTICED:
            sys.stdout.write(f"{end}: {mutant}\n")
    counted = Counter(end in _NOTICED for end in ends.values())
    return counted[True], len(ends)


def _prepare(stage: Path, core: Core) -> None:
    """Sources below `src`, everything else as it stands."""
    shutil.copytree(ROOT / "functions", stage / "src", ignore=_UNSEEN)
    shutil.copytree(ROOT / "layers/common/python", stage / "src", ignore=_UNSEEN, dirs_exist_ok=True)
    for name in (*_BESIDE, "tests"):
        copy: Callable[[Path, Path], object] = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, stage / name)
    tests = sorted({str(one.relative_to(ROOT)) for kind in core.tests for one in (ROOT / "tests").glob(kind)})
    told = (ROOT / "pyproject.toml").read_text().replace('"functions", "layers/common/python", "generated"', '"src"')
    (stage / "pyproject.toml").write_text(told + _settings(core, tests))


def _settings(core: Core, tests: Sequence[str]) -> str:
    fields: Mapping[str, object] = {
        "source_paths": ["src"],
        "only_mutate": [f"src/{one}" for one in core.mutated],
        "also_copy": list(_BESIDE),
        "pytest_add_cli_args_test_selection": list(tests),
        "pytest_add_cli_args": ["-p", "no:cacheprovider"],
        "timeout_multiplier": 5.0,
    }
    return "\n[tool.mutmut]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())


def _ends(stage: Path) -> dict[str, str]:
    """How each mutant ended, by its name."""
    return {name: status_by_exit_code[code] for meta in _metas(stage) for name, code in meta.items()}


def _metas(stage: Path) -> Iterator[dict[str, int | None]]:
    for file in sorted((stage / "mutants/src").rglob("*.meta")):
        yield json.loads(file.read_text())["exit_code_by_key"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
