"""Ten places and 32 concurrent buyers on the deployed system: exactly ten places are sold."""

import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.actors import Actor, Organiser
from local.client import Client
from local.stack import Stack
from tests.support.faults.redeploy import redeployed
from tests.support.load.flash_sale import (
    ATTEMPTS_PER_BUYER,
    BUYER_COUNT,
    MAX_PER_BUYER,
    Buyers,
    FlashSale,
    report,
    run_flash_sale,
)

BUYERS = 32
PLACES = 10
SEAT = [{"name": "Seat", "prices": 1500, "currency": "EUR", "capacity": PLACES}]


@pytest.fixture(scope="module")
def organiser(admin: Client, api: Client) -> Organiser:
    return Organiser.appoint(admin, Actor.register(api, "olga"))


@pytest.fixture(scope="module")
def category(admin: Client) -> str:
    name = f"On-sale {secrets.token_hex(3)}"  # unique: the control, which runs last, creates another one
    return str(admin.request_json("POST", "/v1/categories", {"name": name, "type": "paid"})["id"])


@pytest.fixture(scope="module")
def buyers(api: Client) -> list[Actor]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda n: Actor.register(api, f"buyer{n}"), range(BUYERS)))


@pytest.fixture(scope="module")
def sell_ten_places(stack: Stack, organiser: Organiser, category: str, buyers: list[Actor]) -> Callable[[], FlashSale]:
    def run() -> FlashSale:
        event = organiser.publish_event(category, "Ten places", SEAT)
        return run_flash_sale(stack, event["id"], buyers, BUYERS)

    run()  # starts 32 workers, so that the later runs find them warm
    return run


@pytest.mark.parametrize("run", range(20))
def test_ten_places_sell_to_ten_concurrent_buyers(run: int, sell_ten_places: Callable[[], FlashSale]) -> None:
    sale = sell_ten_places()

    assert sale.in_flight >= 16, "too few concurrent orders for a proof"
    assert (sale.sold, sale.available) == (PLACES, 0)
    assert sale.responses == {(201, ""): PLACES, (409, "/problems/all-held"): BUYERS - PLACES}


@pytest.fixture(scope="module")
def many_buyers(api: Client) -> Buyers:
    return Buyers.register(api)


@pytest.mark.proof
@pytest.mark.parametrize("run", range(20))
def test_hundred_places_sell_to_five_hundred_buyers(
    run: int, stack: Stack, organiser: Organiser, category: str, many_buyers: Buyers, capsys: pytest.CaptureFixture[str]
) -> None:
    sale = many_buyers.run_flash_sale(stack, many_buyers.publish_event(organiser, category), run)

    with capsys.disabled():
        sys.stdout.write(report(run, sale))
    assert sale.in_flight >= 16
    assert (sale.responses.total(), sale.responses[201, ""]) == (BUYER_COUNT * ATTEMPTS_PER_BUYER, 100)
    assert (sale.sold, sale.available, sale.refused_too_early) == (100, 0, 0)
    assert sale.max_per_buyer <= MAX_PER_BUYER


@pytest.mark.spoils
def test_without_inventory_condition_flash_sale_oversells(
    stack: Stack, sell_ten_places: Callable[[], FlashSale]
) -> None:
    no_condition = {"booking/core/inventory.py": ("#available >= :qty AND ", "")}

    with redeployed(stack, "booking.create_booking", no_condition):
        sell_ten_places()  # starts thirty-two workers again: on a busy machine some orders time out
        sale = sell_ten_places()

    assert sale.sold > PLACES
    assert sale.available < 0
