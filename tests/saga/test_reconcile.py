"""The reconciler goes round: a sound system it leaves as it is, and whatever bus event was lost, it mends."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from common.bus.booking import AvailabilityChanged
from common.bus.notify import NotiCreated
from common.bus.ticket import TicketPending
from common.outbox import published
from reconcile.core import past
from reconcile.core.invariants import violations
from tests.saga.journeys import ALONE, Journey
from tests.saga.stage import Stage
from tests.support.gateway import load, row
from tests.support.saga import Saga

ROUND = row("reconcile.make_round")
OLD = timedelta(hours=1)  # nothing is too young to be judged any more
LOST = (
    "BookingOrdered", "BookingExtended", "BookingConfirmed", "BookingFailed", "BookingExpired", "BookingCancelled",
    "PaymentSucceeded", "PaymentFailed", "RefundRequested", "PaymentRefunded", "TicketCreated", "TicketRejected",
    "TicketVoided", "TicketReissued", "TicketTransferred", "TicketCheckedIn", "TicketCheckInUndone", "NotiPending",
    "EventChanged", "EventCancelled",
)  # fmt: skip

TO_AUDIENCES = ("event_changed", "event_reminder")  # their notifications belong to no booking: rounds miss them
GIVES_UP = (AssertionError, ValueError, StopIteration, RuntimeError)  # who waits in vain

# A retelling says what is so now, and follows from what came last.
MAY_DIFFER = {
    "pay_before",
    "ticket_ids",
    "refunded",
    "version",
    "correlation_id",
    "causation_id",
    "occurred_at",
    "message",
}


def make_round(saga: Saga, event: dict[str, Any] | None = None) -> Counter[str]:
    """One whole round; what it has told comes to rest."""
    counts: Counter[str] = Counter()
    finished = False
    while not finished:
        with saga.writing(ROUND.function):
            told = load(ROUND)(event or {}, None)
        finished = told.pop("finished")
        counts.update(told)
    saga.rest()
    return counts


def mended(saga: Saga) -> int:
    """How many rounds it took until one found nothing."""
    for made in range(8):
        saga.now += OLD
        counts = make_round(saga)
        if not counts["wrong"] + counts["learnt"]:
            return made
        saga.redrive()
    raise AssertionError("it does not come to rest")


def judged(saga: Saga) -> dict[str, list[dict[str, Any]]]:
    """All items but the reconciler's own."""
    return {name: items for name, items in saga.tables().items() if name != "rounds"}


@contextlib.contextmanager
def losing(saga: Saga, *names: str) -> Iterator[Counter[str]]:
    """Within the block no consumer hears of such bus events."""
    lost, enqueue = Counter[str](), saga._enqueue
    wires = {f"{name}.v1" for name in names}

    def lose(consumer: str, envelope: dict[str, Any], delay: int = 0) -> None:
        if envelope["detail-type"] in wires and envelope["detail"].get("kind") not in TO_AUDIENCES:
            lost[consumer] += 1
        else:
            enqueue(consumer, envelope, delay)

    saga._enqueue = lose  # type: ignore[method-assign] # for the block only
    try:
        yield lost
    finally:
        del saga._enqueue


@pytest.mark.parametrize("journey", ALONE, ids=str)
def test_a_round_over_a_sound_system_changes_nothing(stage: Stage, journey: Journey) -> None:
    run = stage.walk(journey)
    saga = stage.saga
    saga.now += OLD
    before = judged(saga)

    counts = make_round(saga)

    assert not run.violations
    assert (counts["wrong"], counts["learnt"], counts["young"]) == (0, 0, 0)
    assert judged(saga) == before


@pytest.mark.parametrize("name", LOST)
def test_whatever_is_lost_for_good_is_told_again_and_all_ends_as_it_must(stage: Stage, name: str) -> None:
    saga, met = stage.saga, 0
    for journey in ALONE:
        with losing(saga, name) as lost, contextlib.suppress(*GIVES_UP):
            stage.walk(journey)
        if not lost:
            continue
        met += 1
        with contextlib.suppress(AssertionError):
            saga.rest()

        mended(saga)

        assert violations(saga.tables(), now=saga.now) == [], journey
        assert not saga.dead, journey
    assert met


@pytest.mark.parametrize("journey", ALONE, ids=str)
def test_what_is_told_again_has_the_id_and_the_words_that_it_had(stage: Stage, journey: Journey) -> None:
    run = stage.walk(journey)
    heard = {one.envelope["detail"]["bus_event_id"]: one.envelope["detail"] for one in stage.saga.heard}
    items = [one for name in ("bookings", "payments", "tickets", "notifications") for one in run.tables[name]]
    again = [event for item in items for image in past.images(item) for event in published(image)]

    known = [one for one in again if one.bus_event_id in heard]
    unknown = {type(one) for one in again if one.bus_event_id not in heard}
    assert unknown <= {TicketPending, NotiCreated, AvailabilityChanged}, "nobody hears these"
    assert len({one.bus_event_id for one in again}) == len(again)
    for one in known:
        before, after = heard[one.bus_event_id], one.model_dump(mode="json")
        assert {name for name in after if before[name] != after[name]} <= MAY_DIFFER, type(one)
