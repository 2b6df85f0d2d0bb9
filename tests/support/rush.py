"""Many buyers at the same instant for few places, on the deployed system: who got one, and who was sent away."""

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from local.client import Client
from local.people import Organiser, Person, book
from local.stack import Stack
from local.tables import items

FULL = ("/problems/all-held", "/problems/sold-out")
PEOPLE, TRIES, PLACES, EACH = 500, 10, 100, 2
AT_ONCE = 32  # connections
LOGIN_LASTS = 480.0  # seconds
TAKEN = ("PENDING", "CONFIRMED")


@dataclass(frozen=True)
class Attempt:
    """One order: when it was under way, and its answer."""

    began: float
    ended: float
    status: int
    kind: str


@dataclass(frozen=True)
class Rush:
    """What simultaneous orders came to."""

    answers: Counter[tuple[int, str]]
    in_flight: int  # the most orders under way at one moment
    seconds: float
    sold: int  # places in bookings of the table
    left: int  # places in the stock items
    most: int  # places of the one who has most
    hasty: int  # orders refused as full that ended before the last place was taken


def rushed(stack: Stack, event_id: str, orders: Iterable[Person], at_once: int) -> Rush:
    """Each order is for one place; so many of them are under way at a time, the first of them at one instant."""
    waiting, done, barrier = deque(orders), list[Attempt](), threading.Barrier(at_once)

    def buying() -> None:
        barrier.wait()
        while waiting:
            try:
                buyer = waiting.popleft()
            except IndexError:
                return
            done.append(_attempt(buyer, event_id))

    threads = [threading.Thread(target=buying) for _ in range(at_once)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return _came_to(stack, event_id, done)


def _attempt(buyer: Person, event_id: str) -> Attempt:
    began = time.time()
    try:
        answer = book(buyer, event_id, 1)
        status, kind = answer.status, str(answer.json.get("type", ""))
    except (OSError, ValueError):
        status, kind = 0, "no answer"  # it may hide a sale: the table is counted
    return Attempt(began, time.time(), status, kind)


def _came_to(stack: Stack, event_id: str, done: list[Attempt]) -> Rush:
    rows = items(stack, "bookings")["bookings"]
    held = [i for i in rows if i["sk"] == "booking" and i["event_id"] == event_id and i["status"] in TAKEN]
    types = next(i["types"] for i in rows if (i["pk"], i["sk"]) == (event_id, "terms"))
    stock = [i for i in rows if i["pk"] in types and i["sk"].startswith("stock#")]
    mine = Counter[str]()
    for one in held:
        mine[one["user_id"]] += one["quantity"]
    return Rush(
        answers=Counter((one.status, one.kind) for one in done),
        in_flight=max(sum(a.began <= one.began < a.ended for a in done) for one in done[:500]),
        seconds=max(one.ended for one in done) - min(one.began for one in done),
        sold=sum(one["quantity"] for one in held),
        left=sum(one["available"] for one in stock),
        most=max(mine.values(), default=0),
        hasty=_hasty(done, held, sum(one["capacity"] for one in stock)),
    )


def _hasty(done: list[Attempt], held: list[Any], capacity: int) -> int:
    # A booking's `created_at` is a moment before it is written: whoever was refused before the last of them
    # was refused while a place was free.
    taken = sorted(
        datetime.fromisoformat(one["created_at"]).timestamp() for one in held for _ in range(one["quantity"])
    )
    full = taken[capacity - 1] if len(taken) >= capacity else float("inf")
    return sum(one.kind in FULL and one.ended < full for one in done)


@dataclass
class Crowd:
    """Five hundred people who each try ten times for one of a hundred places, of which one person may have two."""

    people: list[Person]
    logged_in: float

    @classmethod
    def gathers(cls, api: Client) -> Self:
        with ThreadPoolExecutor(4) as pool:
            people = list(pool.map(lambda n: Person.registers(api, f"fan{n}"), range(PEOPLE)))
        return cls(people, time.monotonic())

    def comes_to(self, organiser: Organiser, category: str) -> str:
        """A new event of a hundred places."""
        self._log_in()
        again = Organiser(**vars(organiser.again()))
        seat = [{"name": "Seat", "prices": 1500, "currency": "EUR", "capacity": PLACES}]
        return str(again.publishes(category, "A hundred places", seat, max_per_user=EACH)["id"])

    def rushes(self, stack: Stack, event_id: str, run: int) -> Rush:
        """All their orders, in the order that the run's number says."""
        orders = self.people * TRIES
        random.Random(run).shuffle(orders)
        return rushed(stack, event_id, orders, AT_ONCE)

    def _log_in(self) -> None:
        # A token lasts fifteen minutes, the runs together longer.
        if time.monotonic() - self.logged_in > LOGIN_LASTS:
            with ThreadPoolExecutor(4) as pool:
                self.people = list(pool.map(Person.again, self.people))
            self.logged_in = time.monotonic()


def told(run: int, seen: Rush) -> str:
    answers = {f"{status} {kind}".strip(): many for (status, kind), many in sorted(seen.answers.items())}
    per_second = seen.answers.total() / seen.seconds
    most = f"at most {seen.in_flight} at once, {seen.most} of one person, {seen.hasty} sent away too soon"
    return f"\nrun {run}: {seen.sold} sold in {seen.seconds:.0f} s ({per_second:.0f}/s), {most}: {answers}"
