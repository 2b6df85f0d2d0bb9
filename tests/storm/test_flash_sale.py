"""500 buyers order 100 places under throttling and lost replies: exactly 100 places are sold."""

import sys

import pytest

from local.actors import Organiser
from local.client import Client
from local.stack import Stack
from tests.support.faults.chaos_proxy import ChaosProxy, mixed_faults
from tests.support.load.flash_sale import ATTEMPTS_PER_BUYER, BUYER_COUNT, MAX_PER_BUYER, Buyers, report


@pytest.fixture(scope="module")
def buyers(api: Client) -> Buyers:
    return Buyers.register(api)


@pytest.mark.proof
@pytest.mark.parametrize("run", range(5))
def test_flash_sale_sells_exactly_all_places_in_storm(
    run: int,
    stack: Stack,
    proxy: ChaosProxy,
    organiser: Organiser,
    category: str,
    buyers: Buyers,
    capsys: pytest.CaptureFixture[str],
) -> None:
    event = buyers.publish_event(organiser, category)
    with proxy.inject(mixed_faults(0.03, hang_count=4)) as fired:
        sale = buyers.run_flash_sale(stack, event, run)

    with capsys.disabled():
        sys.stdout.write(f"{report(run, sale)}\n  {dict(fired)}\n")
    assert fired["dynamodb ProvisionedThroughputExceededException"] > 0
    assert fired["dynamodb TransactWriteItems reply lost"] > 0
    assert sale.responses.total() == BUYER_COUNT * ATTEMPTS_PER_BUYER
    assert (sale.sold, sale.available, sale.refused_too_early) == (100, 0, 0)
    assert sale.max_per_buyer <= MAX_PER_BUYER
