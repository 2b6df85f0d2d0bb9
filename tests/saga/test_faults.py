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

# A fault may change the actor and the request of a step, not its result.
CAUSE_ATTRIBUTES = ("operation", "cause")


def assert_same(result: RunResult, baseline: RunResult, case: Any, *ignored: str) -> None:
    """The final tables equal the baseline's, no message is in a DLQ, and every invariant holds."""
    assert not result.dead_letters, f"{case}: dead letters"
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
        (key,), baseline = case.message_keys, harness.baseline(case.journey)
        for write in range(1, len(baseline.deliveries_of(key)[0].effects) + 1):
            faults = FaultPlan(race=(key, write))

            result = harness.run_journey(case.journey, faults)

            assert faults.race_count == 1, case
            assert len(result.deliveries_of(key)) >= len(baseline.deliveries_of(key)) + 1, case
            assert_same(result, baseline, f"{case}: concurrent delivery before write {write}")
            races += 1
    assert races, f"no journey makes {consumer} write: add one"


@EVERY_CONSUMER
def test_duplicate_delivery_changes_nothing(harness: Harness, consumer: str) -> None:
    cases = harness.cases(consumer)
    for journey in distinct_journeys(cases):
        faults = FaultPlan(duplicates=lambda key: key.consumer == consumer)
        baseline = harness.baseline(journey)

        result = harness.run_journey(journey, faults)

        keys = {key for key in baseline.message_keys() if key.consumer == consumer}
        assert keys, journey
        assert keys <= set(faults.duplicated), journey
        assert all(len(result.deliveries_of(key)) > len(baseline.deliveries_of(key)) for key in keys), journey
        assert result.mails == baseline.mails, journey
        assert_same(result, baseline, journey)
    assert cases, f"no journey reaches {consumer}: add one"


@EVERY_JOURNEY
def test_late_redelivery_changes_nothing(harness: Harness, journey: Journey) -> None:
    baseline = harness.baseline(journey)
    harness.run_journey(journey)

    redelivered = harness.saga.redeliver(seed=7)

    result = harness.result()
    assert redelivered == len(baseline.message_keys())
    assert len(result.deliveries) >= len(baseline.deliveries) + redelivered
    assert result.mails == baseline.mails
    assert_same(result, baseline, journey)


@EVERY_JOURNEY
def test_duplicates_in_random_order_change_nothing(harness: Harness, journey: Journey) -> None:
    baseline, faults = harness.baseline(journey), FaultPlan(duplicates=lambda _: True)

    result = harness.run_journey(journey, faults, seed=1)

    # A timer is not re-queued if its first delivery finds nothing to do.
    assert len(faults.duplicated) >= len([key for key in baseline.message_keys() if not is_deadline_wakeup(key)])
    assert len(result.deliveries) > len(baseline.deliveries)
    assert result.message_keys() != baseline.message_keys(), "the order equals the baseline's"
    assert result.mails == baseline.mails
    assert_same(result, baseline, journey)


def run_swapped(harness: Harness, case: Case) -> bool:
    """Run with the two messages swapped; False if the second cannot precede the first."""
    first, second = case.message_keys
    baseline, faults = harness.baseline(case.journey), FaultPlan(swap=(first, second))
    order = [key for key in baseline.message_keys() if key in case.message_keys]
    assert order == [first, second], case

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

    swapped = [case for case in pairs if run_swapped(harness, case)]

    assert swapped, f"no journey sends {consumer} two messages that can be swapped: add one"


@pytest.mark.parametrize("service", SERVICES)
def test_messages_of_sibling_consumers_commute(harness: Harness, service: str) -> None:
    swapped = {_pair(case) for case in harness.pairs_for_service(service) if run_swapped(harness, case)}

    assert swapped >= SWAPPABLE_PAIRS[service]


# Pairs of messages that do not wait for each other in the baseline.
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
