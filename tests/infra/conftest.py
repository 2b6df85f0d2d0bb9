"""The stages are synthesised once per run."""

from pathlib import Path

import pytest

from tests.infra.cloud_assembly import CloudAssembly, synthesise

SENDER = "tickets@tickets.example"


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> CloudAssembly:
    """The local stage, with the sandbox."""
    return synthesise(_folder(tmp_path_factory, "local"), "local", nag=True)


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> CloudAssembly:
    """The production stage, without building its byte code."""
    return synthesise(_folder(tmp_path_factory, "prod"), "prod", nag=True, sender=SENDER, prebuilt=False)


@pytest.fixture(params=["local", "prod"])
def cloud(request: pytest.FixtureRequest) -> CloudAssembly:
    """Each of the stages; tests may only modify copies."""
    found: CloudAssembly = request.getfixturevalue(request.param)
    return found


def _folder(factory: pytest.TempPathFactory, name: str) -> Path:
    return factory.mktemp(name) / "cdk.out"
