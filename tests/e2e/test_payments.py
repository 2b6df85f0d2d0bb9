"""Concurrent payments, one in five with a provider fault: each ends with tickets or a full refund."""

import secrets
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from local.actors import Actor, Organiser
from local.client import Client
from local.stack import Stack
from local.tables import scan_tables
from sandbox.core.faults import FAULT_NAMES
from tests.support.load.concurrent_buyers import (
    REFUND,
    TICKETS,
    Purchase,
    Settlement,
    buy,
    register_buyers,
    run_concurrently,
    settle_purchases,
)

Publish = Callable[[int], str]

# Faults of operations that every payment needs.
UNAVOIDABLE_FAULTS = tuple(name for name in FAULT_NAMES if name.startswith(("open.", "pay.")))
CANCEL_EVERY = 10  # every tenth buyer cancels
SEAT = [{"name": "Seat", "prices": 2500, "currency": "EUR", "capacity": 3000}]


@dataclass(frozen=True, kw_only=True)
class PaymentLoad:
    """The number of payments, and the faults."""

    payments: int
    buyers: int
    concurrency: int
    hold_seconds: int
    seed: int
    times: int  # failures of one operation
    without: tuple[str, ...] = ()


# A rejected refund waits for a reconciler sweep; test_provider_faults.py tests every single fault.
SMALL_LOAD = PaymentLoad(
    payments=36, buyers=12, concurrency=6, hold_seconds=30, seed=21, times=1, without=("refund.refused",)
)
LARGE_LOAD = PaymentLoad(payments=1000, buyers=100, concurrency=24, hold_seconds=120, seed=1, times=2)


@pytest.fixture(scope="module")
def publish(api: Client, admin: Client) -> Publish:
    """Publishes an event with this hold time in seconds."""
    organiser = Organiser.appoint(admin, Actor.register(api, "olga"))
    name = f"Crowd {secrets.token_hex(3)}"
    category = admin.request_json("POST", "/v1/categories", {"name": name, "type": "paid"})["id"]

    def publish_event(hold: int) -> str:
        event = organiser.publish_event(category, name, SEAT, hold_seconds=hold, max_per_user=50, refund_percent=100)
        return str(event["id"])

    return publish_event


@pytest.fixture(autouse=True)
def reset_provider(api: Client) -> Iterator[None]:
    yield
    api.request_json("PUT", "/sandbox/faults", {})


def fault_rates(share: float) -> dict[str, float]:
    """Fault rates that affect this share of the payments; rare operations have higher rates."""
    each = 1 - (1 - share) ** (1 / len(UNAVOIDABLE_FAULTS))
    return {name: each if name in UNAVOIDABLE_FAULTS else 2 * each for name in FAULT_NAMES}


def buy_and_maybe_cancel(buyer: Actor, event_id: str, *, cancels: bool) -> Purchase:
    purchase = buy(buyer, event_id)
    if cancels:  # before or after the payment succeeds
        buyer.client.request("POST", f"/v1/bookings/{purchase.id}/cancel")
    return purchase


def run_payments(stack: Stack, api: Client, publish: Publish, load: PaymentLoad) -> tuple[Settlement, str]:
    """Run the payments. Returns their settlement and a report."""
    event, buyers = publish(load.hold_seconds), register_buyers(api, load.buyers)
    rates = {name: rate for name, rate in fault_rates(0.2).items() if name not in load.without}
    api.request_json("PUT", "/sandbox/faults", {"rates": rates, "seed": load.seed, "times": load.times})
    started = time.monotonic()
    numbers = range(load.payments)
    jobs = [
        lambda at=at: buy_and_maybe_cancel(buyers[at % len(buyers)], event, cancels=not at % CANCEL_EVERY)
        for at in numbers
    ]
    purchases = run_concurrently(jobs, load.concurrency)
    duration = time.monotonic() - started
    settlement = settle_purchases(stack, purchases, timeout_seconds=load.hold_seconds * 2)
    title = f"{load.payments} payments in {duration:.0f} s, all settled {settlement.seconds:.0f} s later"
    faulty, fault_counts = count_faulty(stack, purchases), api.request_json("GET", "/sandbox/faults")["struck"]
    return settlement, report(settlement, fault_counts, f"{title}; {faulty} with a fault")


def count_faulty(stack: Stack, purchases: list[Purchase]) -> int:
    """The number of payments with a provider fault."""
    rows, own = scan_tables(stack, "sandbox")["sandbox"], {one.id for one in purchases}
    planned = {i["pk"] for i in rows if i["sk"].startswith("faults#") and any(name.startswith("left_") for name in i)}
    return sum(i["sk"] == "session" and i["pk"] in planned and i["metadata"]["booking_id"] in own for i in rows)


def report(settlement: Settlement, fault_counts: dict[str, int], title: str) -> str:
    counts = "\n".join(f"  {name:<24}{count:>5}" for name, count in sorted(fault_counts.items()))
    late = f"{settlement.unsettled_purchases} settled too late, {settlement.sweeps} reconciler sweeps"
    return f"\n{title}\n{counts}\n  ended: {dict(settlement.outcome_counts)}\n  {late}\n"


def assert_all_settled(settlement: Settlement, load: PaymentLoad) -> None:
    assert set(settlement.outcome_counts) <= {TICKETS, REFUND}, settlement.outcome_by_booking
    assert settlement.outcome_counts.total() == load.payments
    assert min(settlement.outcome_counts[TICKETS], settlement.outcome_counts[REFUND]) > 0
    assert (settlement.violations, settlement.mail_mismatches) == ([], [])


def test_few_payments_end_with_tickets_or_refund(
    stack: Stack, api: Client, publish: Publish, capsys: pytest.CaptureFixture[str]
) -> None:
    settlement, summary = run_payments(stack, api, publish, SMALL_LOAD)

    with capsys.disabled():
        sys.stdout.write(summary)
    assert_all_settled(settlement, SMALL_LOAD)


@pytest.mark.proof
def test_thousand_payments_end_with_tickets_or_refund(
    stack: Stack, api: Client, publish: Publish, capsys: pytest.CaptureFixture[str]
) -> None:
    settlement, summary = run_payments(stack, api, publish, LARGE_LOAD)

    with capsys.disabled():
        sys.stdout.write(summary)
    assert_all_settled(settlement, LARGE_LOAD)
