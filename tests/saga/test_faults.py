"""Faults in the delivery of messages do not change the final tables, for every consumer of the topology.

The tests of a consumer fail if no journey makes it write: a new row needs a journey in `journeys.py`.
"""

from typing import Any

import pytest

from tests.saga.alternative_outcomes import ALTERNATIVE_OUTCOMES, AlternativeOutcome, without_allowed_differences
from tests.saga.harness import Case, Harness, RunResult, distinct_journeys, is_deadline_wakeup
from tests.saga.journeys import SINGLE_JOURNEYS, Journey
from tests.saga.table_diff import without_attributes
from tests.support.drivers.saga_driver import CONSUMERS
from tests.support.faults.fault_points import FaultPlan

EVERY_CONSUMER = pytest.mark.parametrize("consumer", [one.function for one in CONSUMERS])
EVERY_JOURNEY = pytest.mark.parametrize("journey", SINGLE_JOURNEYS, ids=str)
SERVICES = ("booking", "events", "notify", "payment", "ticket")  # services with several consumers

# A fault may change the actor and the cause of a step, not its result.
CAUSE_ATTRIBUTES = ("operation", "cause")


def assert_same(result: RunResult, baseline: RunResult, case: Any, *ignored: str) -> None:
    """The final tables are those of the undisturbed run, nothing lies in a DLQ, every invariant holds."""
    assert not result.dead_letters, f"{case}: given up"
    assert not result.violations, case
    assert without_attributes(result.normalised_tables, *CAUSE_ATTRIBUTES, *ignored) == without_attributes(
        baseline.normalised_tables, *CAUSE_ATTRIBUTES, *ignored
    ), case


def assert_same_but_late(result: RunResult, baseline: RunResult, case: Case, alternative: AlternativeOutcome) -> None:
    """Like `assert_same`, except for the allowed differences."""
    assert not result.dead_letters, case
    assert not result.violations, case
    actual, expected = (
        without_allowed_differences(
            without_attributes(one.normalised_tables, *CAUSE_ATTRIBUTES, "correlation"), alternative
        )
        for one in (result, baseline)
    )
    assert actual == expected, f"{case}: {alternative.reason}"


@EVERY_CONSUMER
def test_concurrent_delivery_changes_nothing(harness: Harness, consumer: str) -> None:
    races = 0
    for case in harness.cases(consumer):
        (slot,), baseline = case.message_keys, harness.baseline(case.journey)
        for write in range(1, len(baseline.deliveries_of(slot)[0].effects) + 1):
            faults = FaultPlan(race=(slot, write))

            result = harness.run_journey(case.journey, faults)

            assert faults.race_count == 1, case
            assert len(result.deliveries_of(slot)) >= len(baseline.deliveries_of(slot)) + 1, case
            assert_same(result, baseline, f"{case}: overtaken before write {write}")
            races += 1
    assert races, f"no journey makes {consumer} write: add one"


@EVERY_CONSUMER
def test_duplicate_delivery_changes_nothing(harness: Harness, consumer: str) -> None:
    cases = harness.cases(consumer)
    for journey in distinct_journeys(cases):
        faults = FaultPlan(duplicates=lambda slot: slot.consumer == consumer)
        baseline = harness.baseline(journey)

        result = harness.run_journey(journey, faults)

        doubled = {slot for slot in baseline.message_keys() if slot.consumer == consumer}
        assert doubled, journey
        assert doubled <= set(faults.duplicated), journey
        assert all(len(result.deliveries_of(slot)) > len(baseline.deliveries_of(slot)) for slot in doubled), journey
        assert result.mails == baseline.mails, journey
        assert_same(result, baseline, journey)
    assert cases, f"no journey reaches {consumer}: add one"


@EVERY_JOURNEY
def test_late_redelivery_changes_nothing(harness: Harness, journey: Journey) -> None:
    baseline = harness.baseline(journey)
    harness.run_journey(journey)

    again = harness.saga.redeliver(seed=7)

    result = harness.result()
    assert again == len(baseline.message_keys())
    assert len(result.deliveries) >= len(baseline.deliveries) + again
    assert result.mails == baseline.mails
    assert_same(result, baseline, journey)


@EVERY_JOURNEY
def test_duplicates_in_random_order_change_nothing(harness: Harness, journey: Journey) -> None:
    baseline, faults = harness.baseline(journey), FaultPlan(duplicates=lambda _: True)

    result = harness.run_journey(journey, faults, seed=1)

    # A timer is not re-queued if nothing is left to do at its first delivery.
    assert len(faults.duplicated) >= len([slot for slot in baseline.message_keys() if not is_deadline_wakeup(slot)])
    assert len(result.deliveries) > len(baseline.deliveries)
    assert result.message_keys() != baseline.message_keys(), "the order was the usual one"
    assert result.mails == baseline.mails
    assert_same(result, baseline, journey)


def run_swapped(harness: Harness, case: Case) -> bool:
    """Run with the two messages swapped; False if the second cannot precede the first."""
    first, second = case.message_keys
    baseline, faults = harness.baseline(case.journey), FaultPlan(swap=(first, second))
    before = [slot for slot in baseline.message_keys() if slot in case.message_keys]
    assert before == [first, second], case

    result = harness.run_journey(case.journey, faults)

    if faults.swap_order == [second, first] and is_deadline_wakeup(second) and _pair(case) in ALTERNATIVE_OUTCOMES:
        assert_same_but_late(result, baseline, case, ALTERNATIVE_OUTCOMES[_pair(case)])
        return True
    assert_same(result, baseline, case, "correlation")
    return faults.swap_order == [second, first]


def _pair(case: Case) -> tuple[str, str]:
    first, second = case.message_keys
    return first.consumer, second.consumer


@EVERY_CONSUMER
def test_message_pairs_of_one_consumer_commute(harness: Harness, consumer: str) -> None:
    pairs = harness.pairs_for_consumer(consumer)

    both = [case for case in pairs if run_swapped(harness, case)]

    assert both, f"no journey gives {consumer} two messages that can change places: add one"


@pytest.mark.parametrize("service", SERVICES)
def test_messages_of_sibling_consumers_commute(harness: Harness, service: str) -> None:
    both = {_pair(case) for case in harness.pairs_for_service(service) if run_swapped(harness, case)}

    assert both >= SWAPPABLE_PAIRS[service]


# Pairs of messages that do not wait for each other, according to the undisturbed run.
SWAPPABLE_PAIRS = {
    "booking": {
        ("booking.on_payment_succeeded", "booking.expire_hold_backstop"),
        ("booking.on_payment_failed", "booking.expire_hold_backstop"),
    },
    "events": {
        ("events.end_event", "events.build_index"),
        ("events.on_capacity_changed", "events.build_index"),
    },
    "notify": {
        ("notify.on_booking_cancelled", "notify.on_payment_refunded"),
        ("notify.on_booking_failed", "notify.on_payment_refunded"),
        ("notify.on_user_registered", "notify.on_user_updated"),
        ("notify.on_user_registered", "notify.on_ticket_created"),
        ("notify.on_ticket_created", "notify.on_ticket_voided"),
        ("notify.on_ticket_created", "notify.on_ticket_reissued"),
        ("notify.on_event_changed", "notify.announce_event_changes"),
    },
    "payment": {
        ("payment.on_booking_ordered", "payment.close_payment"),
        ("payment.on_booking_ordered", "payment.on_booking_cancelled"),
        ("payment.on_booking_cancelled", "payment.close_payment"),
    },
    "ticket": {
        ("ticket.on_event_changed", "ticket.on_booking_confirmed"),
    },
}
