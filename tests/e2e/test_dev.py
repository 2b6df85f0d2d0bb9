"""`make dev` on the deployed system: changed sources are effective after a reload."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cdk import ROOT
from local.client import Client
from local.dev import reload
from local.stack import Stack

HANDLER = Path("functions/gateway/http/get_health.py")


@pytest.fixture
def project(tmp_path: Path, stack: Stack) -> Iterator[Path]:
    """A copy of the sources; the original ones are deployed again after the test."""
    for name in ("functions", "layers"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    yield tmp_path
    reload(stack, [HANDLER])


def test_changed_handler_answers_after_reload(stack: Stack, api: Client, project: Path) -> None:
    source = (project / HANDLER).read_text()
    changed = source.replace('env.setting("STAGE")', '"reloaded"')
    assert changed != source
    (project / HANDLER).write_text(changed)

    functions = reload(stack, [HANDLER], project)
    body = api.request_json("GET", "/v1/health")

    assert functions == ["gateway.get_health"]
    assert body["stage"] == "reloaded"


def test_core_module_reloads_its_service_only(stack: Stack, api: Client, project: Path) -> None:
    functions = reload(stack, [Path("functions/gateway/core/schemas.py")], project)

    assert functions
    assert {name.split(".")[0] for name in functions} == {"gateway"}
    assert api.request_json("GET", "/v1/health")["stage"] == "local"
