"""The reconciler leaves a consistent system unchanged and repairs the loss of any bus event."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from common.bus.booking import AvailabilityChanged
from common.bus.notify import NotiCreated
from common.bus.ticket import TicketPending
from common.outbox import outbox_events
from reconcile.core import event_replay
from reconcile.core.invariants import violations
from tests.saga.harness import Harness
from tests.saga.journeys import SINGLE_JOURNEYS, Journey
from tests.support.drivers.saga_driver import Saga
from tests.support.system.lambda_events import load_handler, row

RECONCILIATION = row("reconcile.run_reconciliation")
GRACE = timedelta(hours=1)  # the reconciler checks items that are older
LOST_EVENTS = (
    "BookingOrdered", "BookingExtended", "BookingConfirmed", "BookingFailed", "BookingExpired", "BookingCancelled",
    "PaymentSucceeded", "PaymentFailed", "RefundRequested", "PaymentRefunded", "TicketCreated", "TicketRejected",
    "TicketVoided", "TicketReissued", "TicketTransferred", "TicketCheckedIn", "TicketCheckInUndone", "NotiPending",
    "EventChanged", "EventCancelled",
)  # fmt: skip

BROADCAST_KINDS = ("event_changed", "event_reminder")  # their notifications have no booking: sweeps do not check them
# Raised by journeys that wait for a lost message.
JOURNEY_FAILURES = (AssertionError, ValueError, StopIteration, RuntimeError)

# A republished event has the current values and the latest cause.
MUTABLE_FIELDS = {
    "pay_before",
    "ticket_ids",
    "refunded",
    "version",
    "correlation_id",
    "causation_id",
    "occurred_at",
    "message",
}


def run_sweep(saga: Saga, event: dict[str, Any] | None = None) -> Counter[str]:
    """Run a full sweep and drain the messages that it causes."""
    counts: Counter[str] = Counter()
    finished = False
    while not finished:
        with saga.as_function(RECONCILIATION.function):
            result = load_handler(RECONCILIATION)(event or {}, None)
        finished = result.pop("finished")
        counts.update(result)
    saga.drain_until_idle()
    return counts


def sweep_until_clean(saga: Saga) -> int:
    """Sweep until one finds nothing; returns the number of sweeps."""
    for sweeps in range(8):
        saga.now += GRACE
        counts = run_sweep(saga)
        if not counts["violated"] + counts["synced"]:
            return sweeps
        saga.redrive()
    raise AssertionError("the reconciler still finds violations")


def checked_tables(saga: Saga) -> dict[str, list[dict[str, Any]]]:
    """All items except the reconciler's own."""
    return {name: items for name, items in saga.tables().items() if name != "reconciliation"}


@contextlib.contextmanager
def losing(saga: Saga, *names: str) -> Iterator[Counter[str]]:
    """Drop these bus events within the block; counts them by consumer."""
    lost, enqueue = Counter[str](), saga._enqueue
    wire_names = {f"{name}.v1" for name in names}

    def drop(consumer: str, envelope: dict[str, Any], delay: int = 0) -> None:
        if envelope["detail-type"] in wire_names and envelope["detail"].get("kind") not in BROADCAST_KINDS:
            lost[consumer] += 1
        else:
            enqueue(consumer, envelope, delay)

    saga._enqueue = drop  # type: ignore[method-assign] # for the block only
    try:
        yield lost
    finally:
        del saga._enqueue


@pytest.mark.parametrize("journey", SINGLE_JOURNEYS, ids=str)
def test_sweep_over_consistent_system_changes_nothing(harness: Harness, journey: Journey) -> None:
    result = harness.run_journey(journey)
    saga = harness.saga
    saga.now += GRACE
    before = checked_tables(saga)

    counts = run_sweep(saga)

    assert not result.violations
    assert (counts["violated"], counts["synced"], counts["skipped"]) == (0, 0, 0)
    assert checked_tables(saga) == before


@pytest.mark.parametrize("name", LOST_EVENTS)
def test_lost_bus_event_is_republished_and_repaired(harness: Harness, name: str) -> None:
    saga, affected_journeys = harness.saga, 0
    for journey in SINGLE_JOURNEYS:
        with losing(saga, name) as lost, contextlib.suppress(*JOURNEY_FAILURES):
            harness.run_journey(journey)
        if not lost:
            continue
        affected_journeys += 1
        with contextlib.suppress(AssertionError):
            saga.drain_until_idle()

        sweep_until_clean(saga)

        assert violations(saga.tables(), now=saga.now) == [], journey
        assert not saga.dead_letters, journey
    assert affected_journeys


@pytest.mark.parametrize("journey", SINGLE_JOURNEYS, ids=str)
def test_republished_event_has_its_original_id_and_content(harness: Harness, journey: Journey) -> None:
    result = harness.run_journey(journey)
    delivered = {one.envelope["detail"]["bus_event_id"]: one.envelope["detail"] for one in harness.saga.delivered}
    items = [one for name in ("bookings", "payments", "tickets", "notifications") for one in result.tables[name]]
    replayed = [event for item in items for image in event_replay.replay_images(item) for event in outbox_events(image)]

    undelivered = {type(event) for event in replayed if event.bus_event_id not in delivered}
    assert undelivered <= {TicketPending, NotiCreated, AvailabilityChanged}, "only these have no consumer"
    assert len({event.bus_event_id for event in replayed}) == len(replayed)
    for event in (event for event in replayed if event.bus_event_id in delivered):
        before, after = delivered[event.bus_event_id], event.model_dump(mode="json")
        assert {name for name in after if before[name] != after[name]} <= MUTABLE_FIELDS, type(event)
