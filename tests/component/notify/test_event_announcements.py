"""Ticket holders are notified of changes of their event, and reminded one day before it."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.bus.ticket import TicketVoided
from infra import topology
from notify.core import broadcasts, ticket_holders
from tests.support.drivers.notify_driver import (
    ADDRESS,
    BUYER,
    EVENT,
    NOW,
    OTHER_ADDRESS,
    OTHER_USER,
    STARTS,
    body_text,
    booking_fields,
    deliver_copies,
    dying_after,
    event_message,
    notifications,
    other_user_registered,
    send_pending,
    sent_mails,
    settings_changed,
    single_item,
    ticket_transferred,
    tickets_created,
    user_registered,
)
from tests.support.fixtures.movable_clock import MovableClock
from tests.support.system.in_memory_system import InMemorySystem
from tests.support.system.system import System

pytestmark = pytest.mark.moto

CHANGE_TIMER, REMINDER_TIMER = "notify.announce_event_changes", "notify.send_event_reminders"


@pytest.fixture
def ready_system(system: System) -> System:
    """A system in which Ada has two tickets for the event, and Tom none."""
    deliver_copies(
        system, user_registered(), other_user_registered(), event_message(EventPublished), tickets_created("one", "two")
    )
    return system


def deliver_timer(system: System, event: Any, function: str = CHANGE_TIMER) -> str:
    """Deliver the event to the timer; return "done", "later" (re-queued) or "failed"."""
    system.delayed_messages.clear()
    failed = system.deliver(event, function)[function]["batchItemFailures"]
    return "failed" if failed else "later" if system.delayed_messages else "done"


def publish_change(system: System, manual_clock: MovableClock, version: int = 3, **changes: Any) -> EventChanged:
    """Publish a change, and move the clock past the quiet period."""
    event: EventChanged = event_message(EventChanged, event_version=version, **changes)
    deliver_copies(system, event)
    assert deliver_timer(system, event) == "later"
    manual_clock.now += timedelta(seconds=3)
    return event


def recipients(system: System, kind: str) -> list[str]:
    """Return the users with a notification of this kind, sorted."""
    return sorted(one["user_id"] for one in notifications(system) if one["kind"] == kind)


def holders_of_booking(system: System) -> list[str]:
    [booking] = [one for one in system.scan(topology.NOTIFICATIONS) if one["sk"].startswith("booking#")]
    return ticket_holders.current_holders(booking)


# -- who has tickets -------------------------------------------------------------------------------


def test_ticket_holders_do_not_depend_on_event_order() -> None:
    bus_events = [
        tickets_created("one", "two"),
        ticket_transferred("three"),
        ticket_transferred("four", from_user_id=OTHER_USER.user_id, user_id=BUYER.user_id),
        TicketVoided(**booking_fields(), ticket_ids=("two",)),
    ]
    for order in permutations(bus_events):
        with InMemorySystem().running() as own:
            for one in (*order, order[0]):
                own.deliver(one, f"notify.on_{one.snake_name()}")
            assert holders_of_booking(own) == [BUYER.user_id]


@pytest.mark.parametrize(
    ("bus_events", "expected"),
    [
        ([], [BUYER.user_id]),
        ([ticket_transferred("three")], [BUYER.user_id, OTHER_USER.user_id]),
        ([ticket_transferred("three"), ticket_transferred("four")], [OTHER_USER.user_id]),
        ([TicketVoided(**booking_fields(), ticket_ids=("one",))], [BUYER.user_id]),
        ([TicketVoided(**booking_fields(), ticket_ids=("one", "two"))], []),
        ([ticket_transferred("three"), TicketVoided(**booking_fields(), ticket_ids=("three",))], [BUYER.user_id]),
        ([ticket_transferred("three"), TicketVoided(**booking_fields())], []),
    ],
)
def test_current_holders_follow_transfers_and_voids(
    ready_system: System, bus_events: list[Any], expected: list[str]
) -> None:
    for one in bus_events:
        ready_system.deliver(one, f"notify.on_{one.snake_name()}")

    assert holders_of_booking(ready_system) == sorted(expected)


# -- changes ---------------------------------------------------------------------------------------


def test_change_is_announced_after_the_quiet_period(ready_system: System, manual_clock: MovableClock) -> None:
    event = publish_change(ready_system, manual_clock, starts_at=STARTS + timedelta(hours=1), venue="Kleine Halle")

    assert deliver_timer(ready_system, event) == "done"
    assert deliver_timer(ready_system, event) == "done"
    assert send_pending(ready_system, kind="event_changed")

    [mail] = sent_mails()
    assert mail["Subject"] == "Élan <b>Vital</b> has changed"
    assert "Venue: Große Halle → Kleine Halle" in body_text(mail)
    assert (
        "Beginning: Monday, 1 June 2026, 20:00 (Europe/Zurich) → Monday, 1 June 2026, 21:00 (Europe/Zurich)"
        in body_text(mail)
    )
    assert "It begins Monday, 1 June 2026, 21:00 (Europe/Zurich), at Kleine Halle, Zürich." in body_text(mail)
    assert "City" not in body_text(mail)


def test_irrelevant_change_is_not_announced(ready_system: System, manual_clock: MovableClock) -> None:
    event = publish_change(ready_system, manual_clock, staff=("s",), terms_version=2, hold_seconds=60)

    assert deliver_timer(ready_system, event) == "done"
    assert change_notifications(ready_system) == []


def change_notifications(system: System) -> list[dict[str, Any]]:
    return [one for one in notifications(system) if one["kind"] == "event_changed"]


def test_consecutive_edits_are_announced_once(manual_clock: MovableClock) -> None:
    first = event_message(EventChanged, event_version=3, venue="Kleine Halle")
    second = event_message(EventChanged, event_version=4, venue="Kleine Halle", city="Bern")
    for order in permutations((first, second)):
        with InMemorySystem().running() as own:
            manual_clock.now = NOW
            deliver_copies(own, *order, event_message(EventPublished), user_registered(), tickets_created("one"))
            manual_clock.now += timedelta(seconds=3)
            for one in order:
                assert deliver_timer(own, one) == "done"
            [notification] = change_notifications(own)
            assert notification["facts"]["now"]["city"] == "Bern"
            assert single_item(own, "broadcast")["name"] == "changed#4"


def test_second_change_is_compared_with_the_announced_version(ready_system: System, manual_clock: MovableClock) -> None:
    deliver_timer(ready_system, publish_change(ready_system, manual_clock, venue="Kleine Halle"))
    deliver_timer(
        ready_system, publish_change(ready_system, manual_clock, version=4, venue="Kleine Halle", city="Bern")
    )
    deliver_timer(
        ready_system,
        publish_change(ready_system, manual_clock, version=5, venue="Kleine Halle", city="Bern", max_per_user=1),
    )

    differences = [
        (one["facts"]["was"]["venue"], one["facts"]["now"]["city"]) for one in change_notifications(ready_system)
    ]
    assert sorted(differences) == [("Große Halle", "Zürich"), ("Kleine Halle", "Bern")]


def test_reverted_change_is_not_announced(ready_system: System, manual_clock: MovableClock) -> None:
    event = event_message(EventChanged, event_version=3, venue="Kleine Halle")
    deliver_copies(ready_system, event)
    deliver_timer(ready_system, publish_change(ready_system, manual_clock, version=4))

    assert deliver_timer(ready_system, event) == "done"
    assert change_notifications(ready_system) == []


def test_change_of_cancelled_event_is_not_announced(ready_system: System, manual_clock: MovableClock) -> None:
    event = publish_change(ready_system, manual_clock, venue="Kleine Halle")
    deliver_copies(ready_system, event_message(EventCancelled, event_version=4, status="CANCELLED"))

    assert deliver_timer(ready_system, event) == "done"
    assert change_notifications(ready_system) == []


def test_change_waits_for_the_event_copy(system: System, manual_clock: MovableClock) -> None:
    event = event_message(EventChanged, event_version=3, venue="Kleine Halle")
    manual_clock.now += timedelta(seconds=3)

    assert deliver_timer(system, event) == "failed"
    deliver_copies(system, event)
    assert deliver_timer(system, event) == "failed"
    deliver_copies(system, event_message(EventPublished))
    assert deliver_timer(system, event) == "done"


def test_every_ticket_holder_is_notified_exactly_once(ready_system: System, manual_clock: MovableClock) -> None:
    deliver_copies(ready_system, ticket_transferred("three"), tickets_created("five", booking="another"))
    deliver_copies(
        ready_system,
        tickets_created("six", booking="gone", user="gone"),
        TicketVoided(**booking_fields() | {"booking_id": "gone"}),
    )

    deliver_timer(ready_system, publish_change(ready_system, manual_clock, venue="Kleine Halle"))
    for _ in range(2):
        assert send_pending(ready_system, kind="event_changed")

    assert recipients(ready_system, "event_changed") == sorted([BUYER.user_id, OTHER_USER.user_id])
    changes = [mail["To"] for mail in sent_mails() if "has changed" in mail["Subject"]]
    assert sorted(changes) == [ADDRESS, OTHER_ADDRESS]


def test_broadcast_resumes_where_the_last_batch_ended(
    ready_system: System, manual_clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasts, "BATCH_SIZE", 10)
    user_ids = [f"user-{at}" for at in range(60)]
    deliver_copies(
        ready_system, *(tickets_created(f"t{at}", booking=f"b{at}", user=user) for at, user in enumerate(user_ids))
    )
    event = publish_change(ready_system, manual_clock, venue="Kleine Halle")

    deliveries, before = 1, 0
    while deliver_timer(ready_system, event) == "later":
        deliveries, now = deliveries + 1, len(change_notifications(ready_system))
        assert before < now <= before + 10
        before = now

    assert 6 <= deliveries <= 8
    assert recipients(ready_system, "event_changed") == sorted([*user_ids, BUYER.user_id])
    assert ready_system.delayed_messages == []


@pytest.mark.parametrize("call", ["dynamodb.PutItem", "dynamodb.UpdateItem"])
def test_crash_within_a_batch_loses_no_notification(
    ready_system: System, manual_clock: MovableClock, call: str
) -> None:
    deliver_copies(ready_system, ticket_transferred("three"))
    event = publish_change(ready_system, manual_clock, venue="Kleine Halle")
    with dying_after(call):
        deliver_timer(ready_system, event)

    assert deliver_timer(ready_system, event) == "done"

    assert recipients(ready_system, "event_changed") == sorted([BUYER.user_id, OTHER_USER.user_id])


def test_opted_out_holder_gets_a_suppressed_notification(ready_system: System, manual_clock: MovableClock) -> None:
    deliver_copies(ready_system, settings_changed())

    deliver_timer(ready_system, publish_change(ready_system, manual_clock, venue="Kleine Halle"))
    send_pending(ready_system)

    assert [one["status"] for one in change_notifications(ready_system)] == ["SUPPRESSED"]


# -- reminders -------------------------------------------------------------------------------------


@pytest.fixture
def event_published(ready_system: System) -> EventPublished:
    event: EventPublished = event_message(EventPublished)
    return event


def test_reminder_is_sent_one_day_before(
    ready_system: System, manual_clock: MovableClock, event_published: EventPublished
) -> None:
    assert deliver_timer(ready_system, event_published, REMINDER_TIMER) == "later"
    manual_clock.now = STARTS - timedelta(days=1, seconds=1)
    assert deliver_timer(ready_system, event_published, REMINDER_TIMER) == "later"
    assert [delay for _, _, delay in ready_system.delayed_messages] == [1]
    assert recipients(ready_system, "event_reminder") == []

    manual_clock.now += timedelta(seconds=1)
    for _ in range(2):
        assert deliver_timer(ready_system, event_published, REMINDER_TIMER) == "later"
    send_pending(ready_system)

    assert recipients(ready_system, "event_reminder") == [BUYER.user_id]
    assert sent_mails()[-1]["Subject"] == "Soon: Élan <b>Vital</b>"
    manual_clock.now = STARTS
    assert deliver_timer(ready_system, event_published, REMINDER_TIMER) == "done"


def test_moved_event_is_reminded_at_its_new_date(
    ready_system: System, manual_clock: MovableClock, event_published: EventPublished
) -> None:
    manual_clock.now = STARTS - timedelta(days=1)
    deliver_copies(ready_system, event_message(EventChanged, event_version=3, starts_at=STARTS + timedelta(days=7)))
    assert deliver_timer(ready_system, event_published, REMINDER_TIMER) == "later"
    assert recipients(ready_system, "event_reminder") == []

    manual_clock.now += timedelta(days=7)
    deliver_timer(ready_system, event_published, REMINDER_TIMER)
    deliver_copies(ready_system, event_message(EventChanged, event_version=4, starts_at=STARTS + timedelta(days=30)))
    deliver_timer(ready_system, event_published, REMINDER_TIMER)
    assert recipients(ready_system, "event_reminder") == [BUYER.user_id]
    manual_clock.now += timedelta(days=23)
    deliver_timer(ready_system, event_published, REMINDER_TIMER)

    assert recipients(ready_system, "event_reminder") == [BUYER.user_id] * 2


@pytest.mark.parametrize("status", ["CANCELLED", "ENDED"])
def test_cancelled_or_ended_event_sends_no_reminder(
    ready_system: System, manual_clock: MovableClock, event_published: EventPublished, status: str
) -> None:
    deliver_copies(ready_system, event_message(EventCancelled, event_version=3, status=status))
    manual_clock.now = STARTS - timedelta(days=1)

    assert deliver_timer(ready_system, event_published, REMINDER_TIMER) == "done"
    assert recipients(ready_system, "event_reminder") == []


def test_late_publication_sends_no_reminder_unless_moved(system: System, manual_clock: MovableClock) -> None:
    manual_clock.now = STARTS - timedelta(hours=23)
    soon = event_message(EventPublished)
    deliver_copies(system, user_registered(), soon, tickets_created("one"))
    assert deliver_timer(system, soon, REMINDER_TIMER) == "later"
    assert recipients(system, "event_reminder") == []

    deliver_copies(system, event_message(EventChanged, event_version=3, starts_at=STARTS + timedelta(days=2)))
    manual_clock.now = STARTS + timedelta(days=1)
    deliver_timer(system, soon, REMINDER_TIMER)

    assert recipients(system, "event_reminder") == [BUYER.user_id]


def test_reminder_waits_for_the_event_copy(system: System) -> None:
    assert deliver_timer(system, event_message(EventPublished), REMINDER_TIMER) == "failed"


def test_event_copy_does_not_depend_on_event_order() -> None:
    bus_events = (
        event_message(EventPublished),
        event_message(EventChanged, event_version=3, city="Bern", starts_at=datetime(2026, 7, 1, tzinfo=UTC)),
        event_message(EventCancelled, event_version=4, city="Bern", status="CANCELLED"),
    )
    results: list[dict[str, Any]] = []
    for order in permutations(bus_events):
        with InMemorySystem().running() as own:
            deliver_copies(own, *order, order[0])
            results.append(single_item(own, "event"))

    assert all(one == results[0] for one in results)
    assert (results[0]["pk"], results[0]["city"], results[0]["status"]) == (EVENT, "Bern", "CANCELLED")
    assert results[0]["as_published"]["city"] == "Zürich"
