"""Ten places, thirty-two buyers at the same instant, on the deployed system: ten sold, every time."""

import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.client import Client
from local.people import Organiser, Person
from local.stack import Stack
from tests.support.redeploy import redeployed
from tests.support.rush import EACH, PEOPLE, TRIES, Crowd, Rush, rushed, told

BUYERS = 32
PLACES = 10
SEAT = [{"name": "Seat", "prices": 1500, "currency": "EUR", "capacity": PLACES}]


@pytest.fixture(scope="module")
def organiser(admin: Client, api: Client) -> Organiser:
    return Organiser.appointed(admin, Person.registers(api, "olga"))


@pytest.fixture(scope="module")
def category(admin: Client) -> str:
    name = f"On-sale {secrets.token_hex(3)}"  # made again for the control, which comes last
    return str(admin.must("POST", "/v1/categories", {"name": name, "type": "paid"})["id"])


@pytest.fixture(scope="module")
def buyers(api: Client) -> list[Person]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda n: Person.registers(api, f"buyer{n}"), range(BUYERS)))


@pytest.fixture(scope="module")
def rush(stack: Stack, organiser: Organiser, category: str, buyers: list[Person]) -> Callable[[], Rush]:
    def run() -> Rush:
        event = organiser.publishes(category, "Ten places", SEAT)
        return rushed(stack, event["id"], buyers, BUYERS)

    run()  # the first thirty-two orders start thirty-two workers; the others meet them warm
    return run


@pytest.mark.parametrize("run", range(20))
def test_ten_of_thirty_two_simultaneous_buyers_get_a_place(run: int, rush: Callable[[], Rush]) -> None:
    seen = rush()

    assert seen.in_flight >= 16, "not enough orders at once to prove anything"
    assert (seen.sold, seen.left) == (PLACES, 0)
    assert seen.answers == {(201, ""): PLACES, (409, "/problems/all-held"): BUYERS - PLACES}


@pytest.fixture(scope="module")
def crowd(api: Client) -> Crowd:
    return Crowd.gathers(api)


@pytest.mark.proof
@pytest.mark.parametrize("run", range(20))
def test_five_hundred_buyers_get_a_hundred_places(
    run: int, stack: Stack, organiser: Organiser, category: str, crowd: Crowd, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = crowd.rushes(stack, crowd.comes_to(organiser, category), run)

    with capsys.disabled():
        sys.stdout.write(told(run, seen))
    assert seen.in_flight >= 16
    assert (seen.answers.total(), seen.answers[201, ""]) == (PEOPLE * TRIES, 100)
    assert (seen.sold, seen.left, seen.hasty) == (100, 0, 0)
    assert seen.most <= EACH


@pytest.mark.spoils
def test_without_the_stock_condition_the_same_rush_oversells(stack: Stack, rush: Callable[[], Rush]) -> None:
    without = {"booking/core/stock.py": ("#available >= :qty AND ", "")}

    with redeployed(stack, "booking.create_booking", without):
        seen = rush()

    assert seen.sold > PLACES
    assert seen.left < 0
