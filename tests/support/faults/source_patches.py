"""Negative controls: named tests must fail on a patched copy of the sources."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path

ROOT = Path(__file__).parents[3]
_SOURCES = {"functions": ROOT / "functions", "layers": ROOT / "layers/common/python"}
_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")
_TIMEOUT_SECONDS = 900  # a deadline: the machine may be busy with other tests


@dataclass(frozen=True)
class SourcePatch:
    """Replaces `old` by `new` in one file (`functions/…` or `layers/…`); `old` must occur exactly once."""

    path: str
    old: str
    new: str


@contextmanager
def patched_sources(*patches: SourcePatch) -> Iterator[list[str]]:
    """Within the block a patched copy of all sources exists; yields its import roots in order.

    Raises AssertionError unless each patch applies exactly once and leaves no undefined name.
    """
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for name, source in _SOURCES.items():
            shutil.copytree(source, copy / name, ignore=_IGNORED)
        for patch in patches:
            _apply(copy, patch)
        _require_defined_names(copy, patches)
        yield [str(copy / name) for name in _SOURCES]


def failing_tests(nodes: Sequence[str], *patches: SourcePatch) -> tuple[list[str], str]:
    """The tests that fail on the patched copy, and the output of pytest. Raises AssertionError on errors."""
    with patched_sources(*patches) as roots:
        paths = f"pythonpath={' '.join((*roots, '.'))}"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line", "--show-capture=no"]
        environment = {name: value for name, value in environ.items() if name != "PYTHONPATH"}
        result = subprocess.run(
            [*command, "-rf", "-o", paths, *nodes],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
    if result.returncode not in (0, 1):
        raise AssertionError(f"pytest exited with {result.returncode}:\n{result.stdout}\n{result.stderr}")
    failed = [node for node in nodes if f"FAILED {node}" in result.stdout]
    assert bool(failed) == bool(result.returncode), result.stdout
    return failed, result.stdout


def missing_tests(nodes: Sequence[str]) -> list[str]:
    """The tests that pytest does not collect: a node that nothing matches would prove nothing."""
    files = sorted({node.partition("::")[0] for node in nodes})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only", "-m", "", *files]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)
    assert result.returncode == 0, result.stdout
    lines = result.stdout.splitlines()
    collected = {*lines, *(line.partition("[")[0] for line in lines)}  # one case of a test, or all of them
    return [node for node in nodes if node not in collected]


def _apply(copy: Path, patch: SourcePatch) -> None:
    file = copy / patch.path
    text = file.read_text()
    count = text.count(patch.old)
    assert count == 1, f"{patch.path} has {count} times {patch.old!r}"
    file.write_text(text.replace(patch.old, patch.new))


def _require_defined_names(copy: Path, patches: Sequence[SourcePatch]) -> None:
    # A NameError, too, fails the tests, but proves nothing about the guard.
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", "--output-format", "concise"]
    files = sorted({str(copy / patch.path) for patch in patches})
    result = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert result.returncode == 0, (
        f"a patch has an undefined name or is not valid Python:\n{result.stdout}{result.stderr}"
    )
