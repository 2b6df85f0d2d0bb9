"""A flash sale on the deployed system: many concurrent orders for few places, and their results."""

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from local.actors import Actor, Organiser, book
from local.client import Client
from local.stack import Stack
from local.tables import scan_tables

SOLD_OUT_PROBLEMS = ("/problems/all-held", "/problems/sold-out")
BUYER_COUNT, ATTEMPTS_PER_BUYER, PLACES, MAX_PER_BUYER = 500, 10, 100, 2
CONCURRENCY = 32  # connections
LOGIN_SECONDS = 480.0  # age at which access tokens are renewed
HOLDING_STATES = ("PENDING", "CONFIRMED")


@dataclass(frozen=True)
class Attempt:
    """One order: start, end and response."""

    started: float
    ended: float
    status: int
    problem: str


@dataclass(frozen=True)
class FlashSale:
    """The results of concurrent orders."""

    responses: Counter[tuple[int, str]]
    in_flight: int  # maximum of concurrent orders
    seconds: float
    sold: int  # places in bookings of the table
    available: int  # places in the stock items
    max_per_buyer: int  # maximum of places of one buyer
    refused_too_early: int  # orders rejected as sold out before the last place was sold


def run_flash_sale(stack: Stack, event_id: str, orders: Iterable[Actor], concurrency: int) -> FlashSale:
    """Order one place per entry of `orders`, with `concurrency` threads that start at a barrier."""
    waiting, attempts, barrier = deque(orders), list[Attempt](), threading.Barrier(concurrency)

    def worker() -> None:
        barrier.wait()
        while waiting:
            try:
                buyer = waiting.popleft()
            except IndexError:
                return
            attempts.append(_attempt(buyer, event_id))

    threads = [threading.Thread(target=worker) for _ in range(concurrency)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return _summarise(stack, event_id, attempts)


def _attempt(buyer: Actor, event_id: str) -> Attempt:
    started = time.time()
    try:
        response = book(buyer, event_id, 1)
        status, problem = response.status, str(response.json.get("type", ""))
    except (OSError, ValueError):
        status, problem = 0, "no response"  # the order may have succeeded: sales are counted in the table
    return Attempt(started, time.time(), status, problem)


def _summarise(stack: Stack, event_id: str, attempts: list[Attempt]) -> FlashSale:
    rows = scan_tables(stack, "bookings")["bookings"]
    held = [i for i in rows if i["sk"] == "booking" and i["event_id"] == event_id and i["status"] in HOLDING_STATES]
    types = next(i["types"] for i in rows if (i["pk"], i["sk"]) == (event_id, "terms"))
    stock = [i for i in rows if i["pk"] in types and i["sk"].startswith("stock#")]
    places_by_user = Counter[str]()
    for one in held:
        places_by_user[one["user_id"]] += one["quantity"]
    return FlashSale(
        responses=Counter((one.status, one.problem) for one in attempts),
        in_flight=max(sum(a.started <= one.started < a.ended for a in attempts) for one in attempts[:500]),
        seconds=max(one.ended for one in attempts) - min(one.started for one in attempts),
        sold=sum(one["quantity"] for one in held),
        available=sum(one["available"] for one in stock),
        max_per_buyer=max(places_by_user.values(), default=0),
        refused_too_early=_refused_too_early(attempts, held, sum(one["capacity"] for one in stock)),
    )


def _refused_too_early(attempts: list[Attempt], held: list[Any], capacity: int) -> int:
    # A booking's `created_at` is just before its write: an order rejected before the last `created_at` was rejected
    # while a place was free.
    sale_times = sorted(
        datetime.fromisoformat(one["created_at"]).timestamp() for one in held for _ in range(one["quantity"])
    )
    sold_out_at = sale_times[capacity - 1] if len(sale_times) >= capacity else float("inf")
    return sum(one.problem in SOLD_OUT_PROBLEMS and one.ended < sold_out_at for one in attempts)


@dataclass
class Buyers:
    """BUYER_COUNT buyers with ATTEMPTS_PER_BUYER orders each for PLACES places, at most MAX_PER_BUYER per buyer."""

    actors: list[Actor]
    logged_in_at: float

    @classmethod
    def register(cls, api: Client) -> Self:
        with ThreadPoolExecutor(4) as pool:
            actors = list(pool.map(lambda n: Actor.register(api, f"fan{n}"), range(BUYER_COUNT)))
        return cls(actors, time.monotonic())

    def publish_event(self, organiser: Organiser, category: str) -> str:
        """Publish an event with PLACES places."""
        self._log_in()
        logged_in = Organiser(**vars(organiser.log_in_again()))
        seat = [{"name": "Seat", "prices": 1500, "currency": "EUR", "capacity": PLACES}]
        return str(logged_in.publish_event(category, "A hundred places", seat, max_per_user=MAX_PER_BUYER)["id"])

    def run_flash_sale(self, stack: Stack, event_id: str, run: int) -> FlashSale:
        """Run all orders, shuffled by the run's number as seed."""
        orders = self.actors * ATTEMPTS_PER_BUYER
        random.Random(run).shuffle(orders)
        return run_flash_sale(stack, event_id, orders, CONCURRENCY)

    def _log_in(self) -> None:
        # Access tokens expire after fifteen minutes; all runs together take longer.
        if time.monotonic() - self.logged_in_at > LOGIN_SECONDS:
            with ThreadPoolExecutor(4) as pool:
                self.actors = list(pool.map(Actor.log_in_again, self.actors))
            self.logged_in_at = time.monotonic()


def report(run: int, sale: FlashSale) -> str:
    responses = {f"{status} {kind}".strip(): count for (status, kind), count in sorted(sale.responses.items())}
    per_second = sale.responses.total() / sale.seconds
    summary = (
        f"at most {sale.in_flight} concurrent orders, {sale.max_per_buyer} places per buyer, "
        f"{sale.refused_too_early} rejected too early"
    )
    return f"\nrun {run}: {sale.sold} sold in {sale.seconds:.0f} s ({per_second:.0f}/s), {summary}: {responses}"
