"""Synthesised templates are reused only for the same sources, Python version and context."""

import platform
import shutil
from pathlib import Path

import pytest

from local import cdk, source_digest
from local.cdk import CdkCli

CONTEXT = {"stage": "local", "public_url": "http://localhost:8000"}


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    for name in source_digest.TEMPLATE_SOURCES:
        file = root / name if "." in name else root / name / "file.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    monkeypatch.setattr(source_digest, "ROOT", root)
    return root


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The CDK commands that are run."""
    commands: list[str] = []

    def run(self: CdkCli, command: str, *arguments: str, folder: Path = cdk.ROOT) -> None:
        commands.append(command)
        self._out.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(CdkCli, "_run", run)
    return commands


def synth(state: Path, context: dict[str, str] = CONTEXT) -> None:
    state.mkdir(exist_ok=True)
    CdkCli("http://localhost:4566", state, context).synth()


def test_unchanged_sources_are_synthesised_once(tmp_path: Path, sources: Path, runs: list[str]) -> None:
    synth(tmp_path / "state")
    synth(tmp_path / "state")

    assert runs == ["synth"]


@pytest.mark.parametrize("name", source_digest.TEMPLATE_SOURCES)
def test_changed_source_is_synthesised_again(tmp_path: Path, sources: Path, runs: list[str], name: str) -> None:
    synth(tmp_path / "state")
    file = sources / name if "." in name else sources / name / "file.py"
    file.write_text("changed")

    synth(tmp_path / "state")

    assert runs == ["synth", "synth"]


def test_other_port_is_synthesised_again(tmp_path: Path, sources: Path, runs: list[str]) -> None:
    synth(tmp_path / "state")
    synth(tmp_path / "state", CONTEXT | {"public_url": "http://localhost:8001"})

    assert runs == ["synth", "synth"]


def test_other_python_is_synthesised_again(
    tmp_path: Path, sources: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    synth(tmp_path / "state")
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")

    synth(tmp_path / "state")

    assert runs == ["synth", "synth"]


def test_removed_templates_are_synthesised_again(tmp_path: Path, sources: Path, runs: list[str]) -> None:
    synth(tmp_path / "state")
    shutil.rmtree(tmp_path / "state/cdk.out")

    synth(tmp_path / "state")

    assert runs == ["synth", "synth"]


def test_failed_synthesis_is_not_reused(
    tmp_path: Path, sources: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    synth(tmp_path / "state")
    (sources / "app.py").write_text("changed")
    working = CdkCli._run

    def fail(self: CdkCli, command: str, *arguments: str, folder: Path = cdk.ROOT) -> None:
        raise RuntimeError("no templates")

    monkeypatch.setattr(CdkCli, "_run", fail)
    with pytest.raises(RuntimeError):
        synth(tmp_path / "state")
    monkeypatch.setattr(CdkCli, "_run", working)

    synth(tmp_path / "state")

    assert runs == ["synth", "synth"]
