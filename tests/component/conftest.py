"""The test system, one per test."""

from collections.abc import Iterator

import pytest

from tests.support.system import System


@pytest.fixture
def system() -> Iterator[System]:
    with System().running() as running:
        yield running
