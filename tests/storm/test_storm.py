"""Purchases while AWS throttles, hangs, resets connections and loses replies settle within a minute of its recovery."""

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from local import actors, demo
from local.actors import Organiser, hold_places, list_mails_to, wait_for, wait_for_booking
from local.client import ApiResponse, Client
from local.stack import Stack
from local.tables import scan_tables
from reconcile.core.invariants import violations
from reconcile.core.notification_checks import notifications_are_sent_once
from tests.support.faults.chaos_proxy import ChaosProxy, Rule, mixed_faults
from tests.support.faults.redeploy import redeployed
from tests.support.load.concurrent_buyers import (
    TICKETS,
    Settlement,
    buy,
    register_buyers,
    retry_on_5xx,
    run_concurrently,
    settle_purchases,
)
from tests.support.system.e2e_stack import ADMIN

SEAT = [{"name": "Seat", "prices": 2500, "currency": "EUR", "capacity": 3000}]
FREE = [{"name": "Entry", "prices": 0, "currency": "EUR", "capacity": 50}]
# Seconds after the storm on an idle machine: until the first reconciler sweep, and until everything is settled.
SELF_SETTLING_SECONDS, MAX_SETTLING_SECONDS = 40.0, 60.0
BUSY_TIMEOUT_SECONDS, MAX_SWEEPS = 180.0, 2  # on any machine: a deadline, and the reconciler sweeps after it
MAX_PURCHASES = 320  # until every rule has fired: rules pick calls at random
RETRY_DEADLINE_SECONDS, BEFORE_REDELIVERY_SECONDS = (
    120.0,
    25.0,
)  # a deadline for a fast retry; less than the visibility timeout of 300 s
BUS_FAILURES: list[Rule] = [
    {"service": "events", "operation": "PutEvents", "times": 4, "error": {"code": "InternalFailure"}}
]
PUT = '    response = env.client("events").put_events(Entries=[entry.request_entry for entry in batch])\n'
PUT_IGNORING_ERRORS = f"    try:\n    {PUT}    except Exception:\n        return len(batch), set()\n"
IGNORES_BUS_ERRORS = {"cdc/core/relay.py": (PUT, PUT_IGNORING_ERRORS)}

READ_FAILURE: list[Rule] = [
    {
        "service": "dynamodb",
        "operation": "GetItem",
        "body": "Key.sk.S == 'notification'",
        "times": 1,
        "error": {"code": "AccessDeniedException"},  # the SDK does not retry it
    }
]
IMPORT_LINE = "from notify.core import service\n"
NO_FAST_RETRY = {
    "notify/consumers/send_notification.py": (
        IMPORT_LINE,
        f"from common import consumer as consumer_module\n{IMPORT_LINE}\nconsumer_module._EARLY_RETRY_SECONDS = {{}}\n",
    )
}


class RetryingClient(Client):
    """Retries requests with 5xx responses, as a client should."""

    def send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> ApiResponse:
        return retry_on_5xx(lambda: Client.send(self, method, path, data, headers))


class Sale:
    """An event on sale, and buyers for it."""

    def __init__(self, stack: Stack, api: Client, proxy: ChaosProxy, organiser: Organiser, category: str) -> None:
        self.stack, self.api, self.proxy = stack, api, proxy
        self.event = organiser.publish_event(category, "Stormy", SEAT, hold_seconds=120, max_per_user=50)["id"]
        self.free = organiser.publish_event(category, "Free", FREE, max_per_user=50)["id"]
        self.buyers = register_buyers(api, 8)

    def buy_in_storm(
        self, count: int, concurrency: int, rules: list[Rule], *, timeout_seconds: float
    ) -> tuple[Settlement, Counter[str]]:
        """Make `count` purchases, and more until every rule has fired. Returns the settlement and firings by rule."""
        buyers = self.buyers
        with self.proxy.inject(rules) as fired:
            jobs = [lambda at=at: buy(buyers[at % len(buyers)], self.event) for at in range(count)]
            purchases = run_concurrently(jobs, concurrency)
            while self.proxy.unfired_rules() and len(purchases) < MAX_PURCHASES:
                purchases += run_concurrently(jobs[:concurrency], concurrency)
        return settle_purchases(self.stack, purchases, timeout_seconds=timeout_seconds), fired


@pytest.fixture(scope="module")
def sale(stack: Stack, api: Client, proxy: ChaosProxy, organiser: Organiser, category: str) -> Sale:
    return Sale(stack, api, proxy, organiser, category)


def report(settlement: Settlement, fired: Counter[str], title: str) -> str:
    counts = "\n".join(f"  {name:<60}{count:>5}" for name, count in sorted(fired.items()))
    late = f"{settlement.unsettled_purchases} too late, {settlement.sweeps} reconciler sweeps"
    outcomes = f"{dict(settlement.outcome_counts)}, all settled after {settlement.seconds:.0f} s"
    return f"\n{title}: {outcomes}; {late}\n{counts}\n"


def assert_settled(settlement: Settlement, fired: Counter[str], count: int) -> None:
    assert [name for name, times in fired.items() if not times] == []
    assert set(settlement.outcome_counts) == {TICKETS}, settlement.outcome_by_booking
    assert settlement.outcome_counts.total() >= count
    assert settlement.violations == []


def has_no_violations(stack: Stack) -> bool | None:
    """True once the tables have no violations, else None: other tests may still be active."""
    return True if not violations(scan_tables(stack)) else None


def test_purchases_in_short_storm_settle_in_time(stack: Stack, sale: Sale, capsys: pytest.CaptureFixture[str]) -> None:
    settlement, fired = sale.buy_in_storm(40, 8, mixed_faults(0.04, hang_count=2), timeout_seconds=BUSY_TIMEOUT_SECONDS)

    with capsys.disabled():
        sys.stdout.write(report(settlement, fired, "40 purchases in a storm"))
    assert_settled(settlement, fired, 40)
    assert settlement.sweeps <= MAX_SWEEPS
    wait_for(lambda: has_no_violations(stack), "tables without violations")


@pytest.mark.proof
def test_two_hundred_purchases_in_storm_settle_in_time(
    stack: Stack, sale: Sale, capsys: pytest.CaptureFixture[str]
) -> None:
    settlement, fired = sale.buy_in_storm(
        200, 16, mixed_faults(0.04, hang_count=8), timeout_seconds=SELF_SETTLING_SECONDS
    )

    with capsys.disabled():
        sys.stdout.write(report(settlement, fired, "200 purchases in a storm"))
    assert_settled(settlement, fired, 200)
    assert settlement.seconds <= MAX_SETTLING_SECONDS
    wait_for(lambda: has_no_violations(stack), "tables without violations")


@pytest.mark.proof
def test_demo_succeeds_in_storm(
    stack: Stack, api: Client, proxy: ChaosProxy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors, "DEFAULT_TIMEOUT_SECONDS", 240.0)  # a failed message waits for its visibility timeout
    with proxy.inject(mixed_faults(0.02, hang_count=2)) as fired:
        demo.run_demo(RetryingClient(api.api, mailbox=api.mailbox), Client(stack.mailbox), ADMIN, stack, pace=5)

    with capsys.disabled():
        sys.stdout.write(f"\nthe demo in a storm: {dict(fired)}\n")
    assert fired.total() > 20
    wait_for(lambda: has_no_violations(stack), "tables without violations")


def confirm_with_broken_bus(sale: Sale, proxy: ChaosProxy, seconds: float | None = None) -> dict[str, Any]:
    """Book a free place, which only bus events confirm, while the bus rejects the first publishes."""
    buyer = sale.buyers[0]
    wait_for(lambda: has_no_violations(sale.stack), "tables without violations")
    proxy.wait_until_quiet("events", "PutEvents")  # the bus must reject this booking's events, not earlier ones
    with proxy.inject(BUS_FAILURES) as fired:
        booking = hold_places(buyer, sale.free, 1)
        wait_for(lambda: proxy.fault_count() == BUS_FAILURES[0]["times"] or None, "the failures of the bus")
    assert fired.total() == BUS_FAILURES[0]["times"]
    return wait_for_booking(buyer, booking, "CONFIRMED", seconds=seconds)


def test_failed_bus_publish_is_retried(sale: Sale, proxy: ChaosProxy) -> None:
    confirm_with_broken_bus(sale, proxy)


@pytest.mark.spoils
def test_without_publish_check_booking_stays_pending(stack: Stack, sale: Sale, proxy: ChaosProxy) -> None:
    with redeployed(stack, "cdc.publish_outbox", IGNORES_BUS_ERRORS), pytest.raises(TimeoutError, match="confirmed"):
        confirm_with_broken_bus(sale, proxy, BEFORE_REDELIVERY_SECONDS)


def mail_after_failure(sale: Sale, proxy: ChaosProxy, seconds: float) -> None:
    """Buy tickets whose mail fails at first. Waits for pending mails, which could fail instead."""
    [buyer] = register_buyers(sale.api, 1)
    mailbox = Client(sale.stack.mailbox)
    wait_for(lambda: all_notified(sale.stack), "all other mails")
    with proxy.inject(READ_FAILURE) as fired:
        wait_for_booking(buyer, hold_places(buyer, sale.free, 1), "CONFIRMED")
        wait_for(lambda: list_mails_to(mailbox, buyer, "ticket") or None, "the mail", seconds=seconds)
    assert fired.total() == READ_FAILURE[0]["times"]


def all_notified(stack: Stack) -> bool | None:
    """True once every notification has been created and sent, else None."""
    tables = scan_tables(stack)
    pending = [one for one in tables["notifications"] if one["sk"] == "notification" and one["status"] == "PENDING"]
    return None if pending or any(notifications_are_sent_once(tables)) else True


def test_failed_mail_is_retried_soon(sale: Sale, proxy: ChaosProxy) -> None:
    mail_after_failure(sale, proxy, RETRY_DEADLINE_SECONDS)


@pytest.mark.spoils
def test_without_fast_retry_mail_is_late(stack: Stack, sale: Sale, proxy: ChaosProxy) -> None:
    with (
        redeployed(stack, "notify.send_notification", NO_FAST_RETRY),
        pytest.raises(TimeoutError, match="the mail did"),
    ):
        mail_after_failure(sale, proxy, BEFORE_REDELIVERY_SECONDS)
