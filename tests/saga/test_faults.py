"""Whatever goes wrong on the way, the tables end as if nothing had: for every consumer of the topology.

A consumer that no journey reaches, or that no journey brings to a write, makes its tests red: a new row
needs a journey in `journeys.py`.
"""

from typing import Any

import pytest

from tests.saga.compare import without
from tests.saga.journeys import ALONE, Journey
from tests.saga.overtaken import OVERTAKEN, Overtaken, excused
from tests.saga.stage import Case, Run, Stage, at_deadline, journeys_of
from tests.support.deliveries import Faults
from tests.support.saga import CONSUMERS

EVERY_CONSUMER = pytest.mark.parametrize("consumer", [one.function for one in CONSUMERS])
EVERY_JOURNEY = pytest.mark.parametrize("journey", ALONE, ids=str)
SERVICES = ("booking", "events", "notify", "payment", "ticket")  # those with several consumers

# Who took a step, and after which message, is what a fault may change: not what became of it.
TRACES = ("operation", "cause")


def same(run: Run, undisturbed: Run, case: Any, *also: str) -> None:
    """The final tables are those of the undisturbed run, nothing lies in a DLQ, every invariant holds."""
    assert not run.dead, f"{case}: given up"
    assert not run.violations, case
    assert without(run.plain, *TRACES, *also) == without(undisturbed.plain, *TRACES, *also), case


def as_if_late(run: Run, undisturbed: Run, case: Case, excuse: Overtaken) -> None:
    """As `same`, but for what the excuse names."""
    assert not run.dead, case
    assert not run.violations, case
    mine, theirs = (excused(without(one.plain, *TRACES, "correlation"), excuse) for one in (run, undisturbed))
    assert mine == theirs, f"{case}: {excuse.why}"


@EVERY_CONSUMER
def test_two_instances_with_one_message_change_nothing(stage: Stage, consumer: str) -> None:
    races = 0
    for case in stage.cases(consumer):
        (slot,), undisturbed = case.slots, stage.undisturbed(case.journey)
        for write in range(1, len(undisturbed.of(slot)[0].effects) + 1):
            faults = Faults(race=(slot, write))

            run = stage.walk(case.journey, faults)

            assert faults.raced == 1, case
            assert len(run.of(slot)) >= len(undisturbed.of(slot)) + 1, case
            same(run, undisturbed, f"{case}: overtaken before write {write}")
            races += 1
    assert races, f"no journey makes {consumer} write: add one"


@EVERY_CONSUMER
def test_each_message_delivered_twice_changes_nothing(stage: Stage, consumer: str) -> None:
    cases = stage.cases(consumer)
    for journey in journeys_of(cases):
        faults = Faults(twice=lambda slot: slot.consumer == consumer)
        undisturbed = stage.undisturbed(journey)

        run = stage.walk(journey, faults)

        doubled = {slot for slot in undisturbed.slots() if slot.consumer == consumer}
        assert doubled, journey
        assert doubled <= set(faults.doubled), journey
        assert all(len(run.of(slot)) > len(undisturbed.of(slot)) for slot in doubled), journey
        assert run.mails == undisturbed.mails, journey
        same(run, undisturbed, journey)
    assert cases, f"no journey reaches {consumer}: add one"


@EVERY_JOURNEY
def test_every_message_delivered_again_long_after_changes_nothing(stage: Stage, journey: Journey) -> None:
    undisturbed = stage.undisturbed(journey)
    stage.walk(journey)

    again = stage.saga.redeliver(seed=7)

    run = stage.run()
    assert again == len(undisturbed.slots())
    assert len(run.trace) >= len(undisturbed.trace) + again
    assert run.mails == undisturbed.mails
    same(run, undisturbed, journey)


@EVERY_JOURNEY
def test_every_message_twice_and_in_a_drawn_order_changes_nothing(stage: Stage, journey: Journey) -> None:
    undisturbed, faults = stage.undisturbed(journey), Faults(twice=lambda _: True)

    run = stage.walk(journey, faults, seed=1)

    # A timer whose matter is settled when it first wakes is not woken again.
    assert len(faults.doubled) >= len([slot for slot in undisturbed.slots() if not at_deadline(slot)])
    assert len(run.trace) > len(undisturbed.trace)
    assert run.slots() != undisturbed.slots(), "the order was the usual one"
    assert run.mails == undisturbed.mails
    same(run, undisturbed, journey)


def swapped(stage: Stage, case: Case) -> bool:
    """Walk with the two messages in the other order; False if the second cannot be before the first."""
    first, second = case.slots
    undisturbed, faults = stage.undisturbed(case.journey), Faults(swap=(first, second))
    before = [slot for slot in undisturbed.slots() if slot in case.slots]
    assert before == [first, second], case

    run = stage.walk(case.journey, faults)

    if faults.order == [second, first] and at_deadline(second) and _pair(case) in OVERTAKEN:
        as_if_late(run, undisturbed, case, OVERTAKEN[_pair(case)])
        return True
    same(run, undisturbed, case, "correlation")
    return faults.order == [second, first]


def _pair(case: Case) -> tuple[str, str]:
    first, second = case.slots
    return first.consumer, second.consumer


@EVERY_CONSUMER
def test_each_pair_of_a_consumers_messages_ends_alike_in_both_orders(stage: Stage, consumer: str) -> None:
    pairs = stage.pairs_of(consumer)

    both = [case for case in pairs if swapped(stage, case)]

    assert both, f"no journey gives {consumer} two messages that can change places: add one"


@pytest.mark.parametrize("service", SERVICES)
def test_messages_of_sibling_consumers_end_alike_in_both_orders(stage: Stage, service: str) -> None:
    both = {_pair(case) for case in stage.pairs_within(service) if swapped(stage, case)}

    assert both >= MUST_CHANGE_PLACES[service]


# Pairs of which each journey's own run shows that neither waits for the other.
MUST_CHANGE_PLACES = {
    "booking": {
        ("booking.on_payment_succeeded", "booking.expire_hold"),
        ("booking.on_payment_failed", "booking.expire_hold"),
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
        ("notify.keep_event", "notify.tell_changes"),
    },
    "payment": {
        ("payment.on_booking_ordered", "payment.close_payment"),
        ("payment.on_booking_ordered", "payment.on_booking_cancelled"),
        ("payment.on_booking_cancelled", "payment.close_payment"),
    },
    "ticket": {
        ("ticket.keep_event", "ticket.on_booking_confirmed"),
    },
}
