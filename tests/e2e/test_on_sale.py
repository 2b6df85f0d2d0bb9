"""Ten places, thirty-two buyers at the same instant, on the deployed system: ten sold, every time."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from local.client import Client
from local.people import Organiser, Person, book
from local.stack import Stack
from local.tables import items
from tests.support.redeploy import redeployed

BUYERS = 32
PLACES = 10
SEAT = [{"name": "Seat", "prices": 1500, "currency": "EUR", "capacity": PLACES}]


@dataclass(frozen=True)
class Rush:
    """What thirty-two simultaneous orders came to."""

    answers: Counter[tuple[int, str]]
    in_flight: int  # the most orders under way at one moment
    seconds: float
    sold: int  # places in bookings of the table
    left: int  # places in the stock item


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
        return rushed(stack, event["id"], buyers)

    run()  # the first thirty-two orders start thirty-two workers; the others meet them warm
    return run


def rushed(stack: Stack, event_id: str, buyers: list[Person]) -> Rush:
    barrier, spans, answers = threading.Barrier(len(buyers)), [], []

    def order(buyer: Person) -> None:
        barrier.wait()
        started = time.monotonic()
        answer = book(buyer, event_id, 1)
        spans.append((started, time.monotonic()))
        answers.append((answer.status, str(answer.json.get("type", ""))))

    with ThreadPoolExecutor(len(buyers)) as pool:
        list(pool.map(order, buyers))
    rows = items(stack, "bookings")["bookings"]
    held = [i for i in rows if i["sk"] == "booking" and i["event_id"] == event_id and i["status"] == "PENDING"]
    types = next(i["types"] for i in rows if (i["pk"], i["sk"]) == (event_id, "terms"))
    left = sum(i["available"] for i in rows if i["pk"] in types and i["sk"].startswith("stock#"))
    in_flight = max(sum(a <= start < b for a, b in spans) for start, _ in spans)
    seconds = max(end for _, end in spans) - min(start for start, _ in spans)
    return Rush(Counter(answers), in_flight, seconds, sum(i["quantity"] for i in held), left)


@pytest.mark.parametrize("run", range(20))
def test_ten_of_thirty_two_simultaneous_buyers_get_a_place(run: int, rush: Callable[[], Rush]) -> None:
    seen = rush()

    assert seen.in_flight >= 16, "not enough orders at once to prove anything"
    assert (seen.sold, seen.left) == (PLACES, 0)
    assert seen.answers == {(201, ""): PLACES, (409, "/problems/all-held"): BUYERS - PLACES}


@pytest.mark.spoils
def test_without_the_stock_condition_the_same_rush_oversells(stack: Stack, rush: Callable[[], Rush]) -> None:
    without = {"booking/core/stock.py": ("#available >= :qty AND ", "")}

    with redeployed(stack, "booking.create_booking", without):
        seen = rush()

    assert seen.sold > PLACES
    assert seen.left < 0
