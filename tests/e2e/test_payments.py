"""A crowd pays a provider that fails in one payment of five: each ends with its tickets, or with all its money back."""

import secrets
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from local.client import Client
from local.people import Organiser, Person
from local.stack import Stack
from local.tables import items
from sandbox.core.faults import NAMES
from tests.support.crowd import REFUND, TICKETS, Purchase, Settled, at_once, buys, registered, settle

OnSale = Callable[[int], str]

EVERY = tuple(name for name in NAMES if name.startswith(("open.", "pay.")))  # what every payment comes by
CANCELS = 10  # every so manieth buyer gives the place back
SEAT = [{"name": "Seat", "prices": 2500, "currency": "EUR", "capacity": 3000}]


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """How many pay, and how much goes wrong."""

    payments: int
    buyers: int
    at_once: int
    hold: int  # seconds
    seed: int
    times: int  # that a call fails
    without: tuple[str, ...] = ()


# A refused refund waits for a round of the reconciler; every single fault has its test in test_provider_faults.py.
FEW = Crowd(payments=36, buyers=12, at_once=6, hold=30, seed=21, times=1, without=("refund.refused",))
MANY = Crowd(payments=1000, buyers=100, at_once=24, hold=120, seed=1, times=2)


@pytest.fixture(scope="module")
def on_sale(api: Client, admin: Client) -> OnSale:
    """Publishes an event whose places are held so long."""
    organiser = Organiser.appointed(admin, Person.registers(api, "olga"))
    name = f"Crowd {secrets.token_hex(3)}"
    category = admin.must("POST", "/v1/categories", {"name": name, "type": "paid"})["id"]

    def published(hold: int) -> str:
        event = organiser.publishes(category, name, SEAT, hold_seconds=hold, max_per_user=50, refund_percent=100)
        return str(event["id"])

    return published


@pytest.fixture(autouse=True)
def well_again(api: Client) -> Iterator[None]:
    yield
    api.must("PUT", "/sandbox/faults", {})


def rates(share: float) -> dict[str, float]:
    """So that this share of the payments meets a fault, whichever; more often what only some come by."""
    each = 1 - (1 - share) ** (1 / len(EVERY))
    return {name: each if name in EVERY else 2 * each for name in NAMES}


def pays(buyer: Person, event_id: str, *, cancels: bool) -> Purchase:
    purchase = buys(buyer, event_id)
    if cancels:  # before or after the money has come, whichever is quicker
        buyer.client.call("POST", f"/v1/bookings/{purchase.id}/cancel")
    return purchase


def paid(stack: Stack, api: Client, on_sale: OnSale, crowd: Crowd) -> tuple[Settled, str]:
    """What came of the crowd's payments, and the story of it."""
    event, people = on_sale(crowd.hold), registered(api, crowd.buyers)
    drawn = {name: rate for name, rate in rates(0.2).items() if name not in crowd.without}
    api.must("PUT", "/sandbox/faults", {"rates": drawn, "seed": crowd.seed, "times": crowd.times})
    began = time.monotonic()
    turns = range(crowd.payments)
    work = [lambda at=at: pays(people[at % len(people)], event, cancels=not at % CANCELS) for at in turns]
    purchases = at_once(work, crowd.at_once)
    took = time.monotonic() - began
    end = settle(stack, purchases, patience=crowd.hold * 2)
    what = f"{crowd.payments} payments in {took:.0f} s, all settled {end.seconds:.0f} s later"
    met, struck = faulty(stack, purchases), api.must("GET", "/sandbox/faults")["struck"]
    return end, told(end, struck, f"{what}; {met} met a fault")


def faulty(stack: Stack, purchases: list[Purchase]) -> int:
    """How many of these payments met a fault."""
    rows, mine = items(stack, "sandbox")["sandbox"], {one.id for one in purchases}
    planned = {i["pk"] for i in rows if i["sk"].startswith("faults#") and any(name.startswith("left_") for name in i)}
    return sum(i["sk"] == "session" and i["pk"] in planned and i["metadata"]["booking_id"] in mine for i in rows)


def told(end: Settled, struck: dict[str, int], what: str) -> str:
    counts = "\n".join(f"  {name:<24}{many:>5}" for name, many in sorted(struck.items()))
    late = f"{end.waiting} were not settled in their own time, {end.rounds} rounds of the reconciler were made"
    return f"\n{what}\n{counts}\n  ended: {dict(end.endings)}\n  {late}\n"


def right(end: Settled, crowd: Crowd) -> None:
    assert set(end.endings) <= {TICKETS, REFUND}, end.of
    assert end.endings.total() == crowd.payments
    assert min(end.endings[TICKETS], end.endings[REFUND]) > 0
    assert (end.unsound, end.mails) == ([], [])


def test_every_one_of_a_few_payments_ends_with_tickets_or_money(
    stack: Stack, api: Client, on_sale: OnSale, capsys: pytest.CaptureFixture[str]
) -> None:
    end, story = paid(stack, api, on_sale, FEW)

    with capsys.disabled():
        sys.stdout.write(story)
    right(end, FEW)


@pytest.mark.proof
def test_every_one_of_a_thousand_payments_ends_with_tickets_or_money(
    stack: Stack, api: Client, on_sale: OnSale, capsys: pytest.CaptureFixture[str]
) -> None:
    end, story = paid(stack, api, on_sale, MANY)

    with capsys.disabled():
        sys.stdout.write(story)
    right(end, MANY)
