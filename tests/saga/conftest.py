"""One running system for each module of saga tests."""

from collections.abc import Iterator

import pytest

from tests.saga.stage import Stage
from tests.support.saga import Saga


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Saga.running() as saga:
        yield Stage(saga)
