"""Provider syncs, repairs, violations that need an operator, and limits of a sweep."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from booking.core import release
from common import log
from infra.topology_types import FunctionSpec
from reconcile.core import repair, run_state, sweep
from reconcile.core.invariants import violations
from tests.saga import journeys
from tests.saga.harness import Harness
from tests.saga.journeys import Journey, JourneyScript, Steps
from tests.saga.test_reconcile import GRACE, RECONCILIATION, checked_tables, losing, run_sweep, sweep_until_clean
from tests.support.drivers.saga_driver import Saga
from tests.support.fixtures.scenarios import Scenario
from tests.support.system.lambda_events import load_handler
from tools.ticketing.reconcile import run_full_sweep


def run_script(harness: Harness, script: JourneyScript) -> Saga:
    harness.run_journey(Journey(script.__name__, (script,)))
    return harness.saga


def single_item(saga: Saga, table: str, kind: str) -> dict[str, Any]:
    """The only item of its kind."""
    (found,) = (one for one in saga.tables()[table] if one["sk"] == kind)
    return found


def corrupt(saga: Saga, table: str, kind: str, **fields: Any) -> None:
    """Overwrite these attributes of all items of the kind; without attributes, delete the items."""
    snapshot = saga.system.tables.snapshot()
    for key in [key for key in snapshot[table] if key[1].split("#")[0] == kind]:
        item = snapshot[table].pop(key)
        if fields:
            snapshot[table][key] = item | fields
    saga.system.tables.restore(snapshot)


def pay_late_without_webhook(saga: Saga, scenario: Scenario, event_name: str) -> str:
    """A payment arrives on an expired checkout and its webhook is lost. Returns the booking's id."""
    booking = journeys.place_order(saga, getattr(scenario, event_name), scenario.buyer)
    saga.drain()
    page = journeys.open_checkout(saga, booking, scenario.buyer)
    saga.drain_until_idle()
    saga.provider.lost_webhooks += 3
    journeys.pay_late(saga, page)
    saga.drain_until_idle()
    return str(booking["id"])


def late_payment_without_webhook(saga: Saga, scenario: Scenario) -> Steps:
    pay_late_without_webhook(saga, scenario, "solo")
    yield saga.drain


def late_payment_on_earlier_checkout(saga: Saga, scenario: Scenario) -> Steps:
    """A payment arrives on the first checkout, which has expired, while the second is open."""
    booking = journeys.place_order(saga, scenario.gala, scenario.buyer)
    yield saga.drain
    first = journeys.open_checkout(saga, booking, scenario.buyer)
    corrupt(saga, "sandbox", "session", status="expired")
    journeys.open_checkout(saga, booking, scenario.buyer)
    saga.provider.lost_webhooks += 3
    journeys.pay_late(saga, first)
    yield saga.drain_until_idle


def test_late_payment_without_webhook_is_found_and_confirmed(harness: Harness) -> None:
    saga = run_script(harness, late_payment_without_webhook)
    assert single_item(saga, "payments", "payment")["status"] == "FAILED"
    assert any("I11" in one for one in violations(saga.tables(), now=saga.now))

    sweep_until_clean(saga)

    assert single_item(saga, "bookings", "booking")["status"] == "CONFIRMED"
    assert single_item(saga, "payments", "payment")["status"] == "SUCCEEDED"
    assert violations(saga.tables(), now=saga.now) == []


def test_payment_on_expired_checkout_is_found(harness: Harness) -> None:
    saga = run_script(harness, late_payment_on_earlier_checkout)

    sweep_until_clean(saga)

    assert single_item(saga, "payments", "payment")["attempt"] == 2
    assert violations(saga.tables(), now=saga.now) == []
    assert single_item(saga, "bookings", "booking")["status"] == "CONFIRMED"


def test_second_provider_sync_finds_nothing(harness: Harness) -> None:
    saga = run_script(harness, late_payment_without_webhook)
    sweep_until_clean(saga)
    before = checked_tables(saga)

    assert run_sweep(saga)["synced"] == 0
    assert checked_tables(saga) == before


def test_unanswered_provider_sync_is_retried_next_sweep(harness: Harness) -> None:
    saga = run_script(harness, late_payment_without_webhook)
    saga.now += GRACE
    saga.provider.lost_replies = 1

    unanswered, answered = run_sweep(saga), run_sweep(saga)

    assert (unanswered["synced"], answered["synced"]) == (0, 1)


def test_bounced_refund_is_recorded_and_retried(harness: Harness) -> None:
    saga = run_script(harness, journeys.late_payment_refunded)
    corrupt(saga, "sandbox", "refund", status="failed")
    corrupt(saga, "sandbox", "session", amount_refunded=0, refund_ids=[single_item(saga, "sandbox", "refund")["pk"]])

    sweeps = sweep_until_clean(saga)

    refunds = [row["status"] for one in saga.tables()["payments"] for row in one.get("refunds", ())]
    assert sweeps > 1
    assert sorted(refunds) == ["FAILED", "SUCCEEDED"]


def test_refund_is_looked_up_without_its_checkout(harness: Harness) -> None:
    saga = run_script(harness, journeys.late_payment_refunded)
    corrupt(saga, "sandbox", "refund", status="failed")
    corrupt(saga, "sandbox", "session", amount_refunded=0, refund_ids=[single_item(saga, "sandbox", "refund")["pk"]])
    saga.now += GRACE
    saga.provider.error_responses.append(
        ("checkout/sessions", {"type": "invalid_request_error", "message": "no such page"})
    )

    counts = run_sweep(saga)

    assert saga.provider.error_responses == []
    assert counts["synced"] == 1


def test_bounced_organiser_refund_is_sent_again(harness: Harness) -> None:
    saga = run_script(harness, full_refund_bounced)

    sweep_until_clean(saga)

    refunds = single_item(saga, "payments", "payment")["refunds"]
    assert [(one["by"] == "booking", one["status"]) for one in refunds] == [(False, "FAILED"), (True, "SUCCEEDED")]
    assert violations(saga.tables(), now=saga.now) == []


def full_refund_bounced(saga: Saga, scenario: Scenario) -> Steps:
    """The organiser refunds in full, which ends the booking; days later the refund bounces."""
    booking = journeys.place_order(saga, scenario.gala, scenario.buyer)
    yield saga.drain
    page = journeys.open_checkout(saga, booking, scenario.buyer)
    saga.choose_outcome(page, "paid")
    yield saga.drain
    journeys.refund_payment(saga, booking, scenario.organiser, "The singer is ill.")
    yield saga.drain_until_idle
    saga.choose_outcome(page, "bounced")
    yield saga.drain_until_idle


def test_rejected_refund_is_retried(harness: Harness) -> None:
    saga = harness.saga
    harness.run_journey(Journey("paid", (journeys.paid_before_deadline,)))
    (session,) = (one for one in saga.tables()["sandbox"] if one["sk"] == "session")
    corrupt(saga, "sandbox", "session", refuses=1)
    booking = single_item(saga, "bookings", "booking")
    with saga.as_function("booking.on_ticket_rejected"):
        release.revoke(booking["id"])
    saga.drain_until_idle()
    assert [one["status"] for one in single_item(saga, "payments", "payment")["refunds"]] == ["FAILED"]

    sweep_until_clean(saga)

    assert [one["status"] for one in single_item(saga, "payments", "payment")["refunds"]] == ["FAILED", "SUCCEEDED"]
    assert violations(saga.tables(), now=saga.now) == []
    assert session["payment_status"] == "paid"


@pytest.mark.parametrize(
    ("table", "kind"),
    [("payments", "payment"), ("tickets", "issue"), ("notifications", "notification")],
)
def test_deleted_item_is_recreated(harness: Harness, table: str, kind: str) -> None:
    saga = run_script(harness, journeys.free_booking)
    before = [one["pk"] for one in saga.tables()[table] if one["sk"] == kind]
    if kind == "issue":
        corrupt(saga, "tickets", "ticket")
        corrupt(saga, "tickets", "count")
    corrupt(saga, table, kind)

    sweep_until_clean(saga)

    assert [one["pk"] for one in saga.tables()[table] if one["sk"] == kind] == before


def test_hold_without_timers_expires(harness: Harness) -> None:
    saga = harness.saga
    harness.run_journey(Journey("held", (_hold_without_timers,)))
    assert single_item(saga, "bookings", "booking")["status"] == "PENDING"

    sweep_until_clean(saga)

    assert single_item(saga, "bookings", "booking")["status"] == "EXPIRED"
    assert violations(saga.tables(), now=saga.now) == []


def _hold_without_timers(saga: Saga, scenario: Scenario) -> Steps:
    journeys.place_order(saga, scenario.gala, scenario.buyer)
    yield saga.drain
    saga.queue.clear()  # both timers are lost


def test_inventory_violation_is_reported_not_repaired(harness: Harness, metrics: dict[str, float]) -> None:
    saga = run_script(harness, journeys.paid_before_deadline)
    corrupt(saga, "bookings", "stock", available=1)
    saga.now += GRACE

    run_sweep(saga)

    assert metrics["InvariantViolations"] == 3  # one for each type
    assert {one["available"] for one in saga.tables()["bookings"] if one["sk"] == "stock#0"} == {1}


def test_unrepairable_violation_is_reported_after_three_sweeps(harness: Harness, metrics: dict[str, float]) -> None:
    saga = run_script(harness, journeys.paid_before_deadline)
    corrupt(saga, "notifications", "notification")
    saga.outages.add(("notify.on_ticket_created", "PutItem"))
    violation_counts = []
    for _ in range(5):
        saga.now += GRACE
        run_sweep(saga)
        violation_counts.append(metrics.get("InvariantViolations", 0))

    assert violation_counts == [0, 0, 0, 1, 2]


def test_recent_changes_are_not_checked(harness: Harness) -> None:
    saga = run_script(harness, journeys.paid_before_deadline)
    corrupt(saga, "notifications", "notification")

    with_grace, without_grace = run_sweep(saga), run_sweep(saga, {"grace_seconds": 0})

    assert (with_grace["violated"], with_grace["checked"]) == (0, 0)
    assert without_grace["violated"] == 1


def test_next_slice_continues_after_time_limit(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    saga = run_script(harness, journeys.paid_before_deadline)
    saga.now += GRACE
    monkeypatch.setattr(sweep, "RUN_BUDGET", timedelta(microseconds=1))
    sliced = run_sweep(saga)
    steps = single_item(saga, "reconciliation", "checkpoint")["step"]

    monkeypatch.undo()

    assert sliced == run_sweep(saga)
    assert steps > 10


class OperatorSystem:
    """Adapts the saga to the interface of the operator command."""

    def __init__(self, saga: Saga) -> None:
        self._saga = saga

    def invoke(self, function: str, payload: dict[str, Any]) -> Any:
        assert function == RECONCILIATION.function
        with self._saga.as_function(function):
            return load_handler(RECONCILIATION)(payload, None)


def checkpoint_after_last_event(saga: Saga) -> dict[str, Any]:
    """The checkpoint of a sweep after the last event in the index."""
    last = max((one for one in saga.tables()["events"] if one["sk"] == "event"), key=lambda one: one["listed_as"])
    return {"start": {name: last[name] for name in ("pk", "sk", "listed", "listed_as")}}


def test_operator_sweep_ignores_scheduled_checkpoint(harness: Harness) -> None:
    saga = run_script(harness, journeys.paid_before_deadline)
    saga.now += GRACE
    scheduled = run_sweep(saga)
    assert scheduled["checked"]
    corrupt(saga, "reconciliation", "checkpoint", **checkpoint_after_last_event(saga))

    assert Counter(run_full_sweep(OperatorSystem(saga), 0)) == scheduled


def test_sweep_over_several_pages_is_complete(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    saga = harness.saga
    harness.run_journey(Journey("many", (journeys.free_booking, journeys.paid_before_deadline)))
    saga.now += GRACE
    single_page = run_sweep(saga)
    monkeypatch.setattr(sweep, "BATCH_SIZE", 1)

    assert run_sweep(saga) == single_page
    assert single_page["checked"] >= 2


def transferred_and_checked_in(saga: Saga, scenario: Scenario) -> Steps:
    """The buyer's only ticket is transferred and checked in."""
    yield from journeys.only_ticket_transferred(saga, scenario)
    (ticket,) = [one for one in saga.tables()["tickets"] if "transferred_from" in one]
    scan = {"event_id": ticket["event_id"], "code": ticket["code"], "nonce": f"scan-{ticket['id']}"}
    saga.http("POST /v1/check-ins", scan, by=scenario.organiser, expect=201)
    yield saga.drain


def transferred_and_event_cancelled(saga: Saga, scenario: Scenario) -> Steps:
    """The same; then the event is cancelled, which causes the ticket's last bus event."""
    yield from transferred_and_checked_in(saga, scenario)
    (ticket,) = [one for one in saga.tables()["tickets"] if "transferred_from" in one]
    saga.http(f"POST /v1/events/{ticket['event_id']}/cancel", {"message": "Rain"}, by=scenario.organiser, expect=200)
    yield saga.drain


def test_lost_check_in_event_reaches_the_booking(harness: Harness) -> None:
    with losing(harness.saga, "TicketCheckedIn") as lost:
        saga = run_script(harness, journeys.ticket_checked_in)
    assert lost == {"booking.on_ticket_used": 1}

    sweep_until_clean(saga)

    assert [one["checked_in"] for one in single_item(saga, "bookings", "booking")["ticket_usage"].values()] == [True]


@pytest.mark.parametrize("script", [transferred_and_checked_in, transferred_and_event_cancelled])
def test_lost_ticket_events_reach_the_booking(harness: Harness, script: JourneyScript) -> None:
    with losing(harness.saga, "TicketTransferred", "TicketCheckedIn") as lost:
        saga = run_script(harness, script)
    assert lost["booking.on_ticket_used"] == 2

    sweep_until_clean(saga)

    usages = single_item(saga, "bookings", "booking")["ticket_usage"].values()
    assert sorted(
        tuple(one.get(name, False) for name in ("checked_in", "transferred", "superseded")) for one in usages
    ) == [
        (False, False, True),
        (True, True, False),
    ]
    assert violations(saga.tables(), now=saga.now) == []


def test_unreadable_booking_is_reported_without_blocking_others(harness: Harness, metrics: dict[str, float]) -> None:
    saga = harness.saga
    harness.run_journey(Journey("two", (journeys.free_booking, journeys.booked_by_number)))
    first, second = (one["pk"] for one in saga.tables()["bookings"] if one["sk"] == "booking")
    snapshot = saga.system.tables.snapshot()
    snapshot["bookings"][first, "booking"] = {
        name: value for name, value in snapshot["bookings"][first, "booking"].items() if name != "items"
    }
    for key in [key for key in snapshot["notifications"] if key[1] == "notification"]:
        del snapshot["notifications"][key]
    saga.system.tables.restore(snapshot)
    saga.now += GRACE

    result = run_sweep(saga)

    assert result["violated"] == 3  # its event's totals lack it, too
    assert metrics["InvariantViolations"] >= 1
    assert {one["booking_id"] for one in saga.tables()["notifications"] if one["sk"] == "notification"} == {second}


def test_missing_event_is_reported_without_blocking_others(harness: Harness, metrics: dict[str, float]) -> None:
    saga = run_script(harness, journeys.free_booking)
    saga.now += GRACE
    run_sweep(saga)
    first = next(one for one in saga.tables()["events"] if one.get("listed") == "event")
    start = {name: first[name] for name in ("pk", "sk", "listed", "listed_as")}
    corrupt(
        saga,
        "reconciliation",
        "checkpoint",
        event="unknown",
        start=start | {"listed_as": "2031"},
        shard=0,
        sums={},
        seen="",
    )

    result = run_sweep(saga)

    assert metrics["InvariantViolations"] == 1
    assert (result["violated"], result["checked"]) == (1, 3)


def test_unanswered_payment_does_not_block_others(harness: Harness) -> None:
    saga = harness.saga
    harness.run_journey(Journey("two", (late_payment_without_webhook, other_late_payment_without_webhook)))
    saga.now += GRACE
    saga.provider.lost_replies = 1

    assert run_sweep(saga)["synced"] == 1


def test_unreachable_provider_does_not_block_repairs(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    saga = harness.saga
    harness.run_journey(Journey("two", (late_payment_without_webhook, other_late_payment_without_webhook)))
    corrupt(saga, "notifications", "notification")
    saga.now += GRACE
    saga.provider.lost_replies = 99
    monkeypatch.setattr(run_state, "MAX_FAILED_CALLS", 1)

    run_sweep(saga)
    saga.drain()

    assert [one for one in saga.tables()["notifications"] if one["sk"] == "notification"]


def test_failed_calls_per_slice_are_limited(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_state, "MAX_FAILED_CALLS", 1)
    saga = harness.saga
    harness.run_journey(Journey("two", (late_payment_without_webhook, other_late_payment_without_webhook)))
    saga.now += GRACE
    saga.provider.lost_replies = 99

    run_sweep(saga)

    assert saga.provider.lost_replies == 98


def other_late_payment_without_webhook(saga: Saga, scenario: Scenario) -> Steps:
    pay_late_without_webhook(saga, scenario, "gala")
    yield saga.drain


def test_slow_repair_is_postponed_to_next_sweep(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    saga = run_script(harness, journeys.free_booking)
    corrupt(saga, "notifications", "notification")
    saga.now += GRACE
    monkeypatch.setattr(run_state, "CALL_BUDGET", timedelta(0))
    run_sweep(saga)
    created_early = [one for one in saga.tables()["notifications"] if one["sk"] == "notification"]
    monkeypatch.undo()

    sweep_until_clean(saga)

    assert not created_early
    assert violations(saga.tables(), now=saga.now) == []


def test_republished_images_are_split_by_payload_size(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    saga = run_script(harness, journeys.payment_refunded_in_parts)
    corrupt(saga, "notifications", "notification")
    monkeypatch.setattr(repair, "_MAX_BATCH_BYTES", 10_000)
    sizes, invoke = [], saga.system.invoke

    def record_size(function: FunctionSpec | str, event: Any) -> Any:
        if "images" in event:
            sizes.append(len(json.dumps(event)))
        return invoke(function, event)

    monkeypatch.setattr(saga.system, "invoke", record_size)

    sweep_until_clean(saga)

    assert len(sizes) > 1
    assert max(sizes) < 11_000
    assert violations(saga.tables(), now=saga.now) == []


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The totals of all metrics that the test emits."""
    totals: dict[str, float] = {}

    def count(name: str, value: float = 1) -> None:
        totals[name] = totals.get(name, 0) + value

    monkeypatch.setattr(log, "count", count)
    return totals
