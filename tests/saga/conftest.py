"""One running system per test module."""

from collections.abc import Iterator

import pytest

from tests.saga.harness import Harness
from tests.support.drivers.saga_driver import Saga


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Saga.running() as saga:
        yield Harness(saga)
