"""Negative controls: a changed copy of the sources must turn named tests red."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SOURCES = {"functions": ROOT / "functions", "layers": ROOT / "layers/common/python"}
_UNSEEN = shutil.ignore_patterns("__pycache__", "*.pyc")
_SECONDS = 900  # a deadline: the machine may be busy with other tests


@dataclass(frozen=True)
class Change:
    """In this file (`functions/…` or `layers/…`) `old`, which stands there exactly once, becomes `new`."""

    path: str
    old: str
    new: str


@contextmanager
def mutated(*changes: Change) -> Iterator[list[str]]:
    """Within the block there is a copy of all sources with these changes; its import roots, first to last."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for name, source in _SOURCES.items():
            shutil.copytree(source, copy / name, ignore=_UNSEEN)
        for change in changes:
            _apply(copy, change)
        yield [str(copy / name) for name in _SOURCES]


def failures(nodes: Sequence[str], *changes: Change) -> tuple[list[str], str]:
    """The tests of these that fail on the changed copy, and what pytest said. An error is no failure."""
    with mutated(*changes) as roots:
        paths = f"pythonpath={' '.join((*roots, '.'))}"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line", "--show-capture=no"]
        clean = {name: value for name, value in environ.items() if name != "PYTHONPATH"}
        ran = subprocess.run(
            [*command, "-rf", "-o", paths, *nodes],
            cwd=ROOT, env=clean, capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    if ran.returncode not in (0, 1):
        raise AssertionError(f"pytest ended with {ran.returncode}:\n{ran.stdout}\n{ran.stderr}")
    failed = [node for node in nodes if f"FAILED {node}" in ran.stdout]
    assert bool(failed) == bool(ran.returncode), ran.stdout
    return failed, ran.stdout


def _apply(copy: Path, change: Change) -> None:
    file = copy / change.path
    text = file.read_text()
    found = text.count(change.old)
    assert found == 1, f"{change.path} has {found} times {change.old!r}"
    file.write_text(text.replace(change.old, change.new))
