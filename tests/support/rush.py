"""Many buyers at the same instant for few places, on the deployed system: who got one, and who was sent away."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.people import Person, book
from local.stack import Stack
from local.tables import items

FULL = ("/problems/all-held", "/problems/sold-out")
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
