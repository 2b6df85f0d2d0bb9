"""The stages are synthesised once per run."""

from pathlib import Path

import pytest

from tests.infra.cloud import Cloud, synthesised

SENDER = "tickets@tickets.example"


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """The local stage, with the provider's sandbox."""
    return synthesised(_folder(tmp_path_factory, "local"), "local", nag=True)


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """A stage that takes real money; its byte code is not built for these tests."""
    return synthesised(_folder(tmp_path_factory, "prod"), "prod", nag=True, sender=SENDER, prebuilt=False)


@pytest.fixture(params=["local", "prod"])
def cloud(request: pytest.FixtureRequest) -> Cloud:
    """Each of the stages; to be broken only as a copy."""
    found: Cloud = request.getfixturevalue(request.param)
    return found


def _folder(factory: pytest.TempPathFactory, name: str) -> Path:
    return factory.mktemp(name) / "cdk.out"
