"""Everybody with tickets is told when their event changes, and reminded a day before it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from common import clock
from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.bus.ticket import TicketVoided
from infra import topology
from notify.core import holders, runs
from tests.support.memory import Memory
from tests.support.postbox import (
    ADDRESS,
    BUYER,
    EVENT,
    NOW,
    OTHER_ADDRESS,
    STARTS,
    TAKER,
    about,
    created,
    dying,
    item,
    mails,
    meet,
    notices,
    post,
    registered,
    settings,
    show,
    taker,
    transferred,
    words,
)
from tests.support.system import System

pytestmark = pytest.mark.moto

CHANGES, REMINDERS = "notify.tell_changes", "notify.remind_holders"


class Watch:
    """The time, which tests move."""

    at: datetime = NOW


@pytest.fixture(autouse=True)
def watch() -> Iterator[Watch]:
    found = Watch()
    clock.use(lambda: found.at)
    yield found
    clock.use()


@pytest.fixture
def known(system: System) -> System:
    """Ada has two tickets of the event, Tom none."""
    meet(system, registered(), taker(), show(EventPublished), created("one", "two"))
    return system


def wake(system: System, event: Any, function: str = CHANGES) -> str:
    """Deliver it to the timer: how that ended."""
    system.sent.clear()
    failed = system.deliver(event, function)[function]["batchItemFailures"]
    return "failed" if failed else "later" if system.sent else "done"


def change(system: System, watch: Watch, version: int = 3, **changes: Any) -> EventChanged:
    """The event changes, and the change is told as soon as it may be."""
    event: EventChanged = show(EventChanged, event_version=version, **changes)
    meet(system, event)
    assert wake(system, event) == "later"
    watch.at += timedelta(seconds=3)
    return event


def told(system: System, kind: str) -> list[str]:
    """To whom, sorted."""
    return sorted(one["user_id"] for one in notices(system) if one["kind"] == kind)


def holding(system: System) -> list[str]:
    [booking] = [one for one in system.scan(topology.NOTICES) if one["sk"].startswith("booking#")]
    return holders.owners(booking)


# -- who has tickets -------------------------------------------------------------------------------


def test_who_has_tickets_ends_the_same_in_whatever_order_its_news_arrive() -> None:
    news = [
        created("one", "two"),
        transferred("three"),
        transferred("four", giver=TAKER.user_id, to=BUYER.user_id),
        TicketVoided(**about(), ticket_ids=("two",)),
    ]
    for order in permutations(news):
        with Memory().running() as own:
            for one in (*order, order[0]):
                own.deliver(one, f"notify.on_{one.snake_name()}")
            assert holding(own) == [BUYER.user_id]


@pytest.mark.parametrize(
    ("news", "left"),
    [
        ([], [BUYER.user_id]),
        ([transferred("three")], [BUYER.user_id, TAKER.user_id]),
        ([transferred("three"), transferred("four")], [TAKER.user_id]),
        ([TicketVoided(**about(), ticket_ids=("one",))], [BUYER.user_id]),
        ([TicketVoided(**about(), ticket_ids=("one", "two"))], []),
        ([transferred("three"), TicketVoided(**about(), ticket_ids=("three",))], [BUYER.user_id]),
        ([transferred("three"), TicketVoided(**about())], []),
    ],
)
def test_who_has_tickets_is_counted_from_what_became_of_them(known: System, news: list[Any], left: list[str]) -> None:
    for one in news:
        known.deliver(one, f"notify.on_{one.snake_name()}")

    assert holding(known) == sorted(left)


# -- changes ---------------------------------------------------------------------------------------


def test_a_change_is_told_old_and_new_once_it_has_calmed_down(known: System, watch: Watch) -> None:
    event = change(known, watch, starts_at=STARTS + timedelta(hours=1), venue="Kleine Halle")

    assert wake(known, event) == "done"
    assert wake(known, event) == "done"
    assert post(known, kind="event_changed")

    [mail] = mails()
    assert mail["Subject"] == "Élan <b>Vital</b> has changed"
    assert "Venue: Große Halle → Kleine Halle" in words(mail)
    assert (
        "Beginning: Monday, 1 June 2026, 20:00 (Europe/Zurich) → Monday, 1 June 2026, 21:00 (Europe/Zurich)"
        in words(mail)
    )
    assert "It begins Monday, 1 June 2026, 21:00 (Europe/Zurich), at Kleine Halle, Zürich." in words(mail)
    assert "City" not in words(mail)


def test_what_does_not_concern_those_who_come_is_not_told(known: System, watch: Watch) -> None:
    event = change(known, watch, staff=("s",), terms_version=2, hold_seconds=60)

    assert wake(known, event) == "done"
    assert notices_of_changes(known) == []


def notices_of_changes(system: System) -> list[dict[str, Any]]:
    return [one for one in notices(system) if one["kind"] == "event_changed"]


def test_edits_in_a_row_are_told_of_once_in_either_order(watch: Watch) -> None:
    first = show(EventChanged, event_version=3, venue="Kleine Halle")
    second = show(EventChanged, event_version=4, venue="Kleine Halle", city="Bern")
    for order in permutations((first, second)):
        with Memory().running() as own:
            watch.at = NOW
            meet(own, *order, show(EventPublished), registered(), created("one"))
            watch.at += timedelta(seconds=3)
            for one in order:
                assert wake(own, one) == "done"
            [notice] = notices_of_changes(own)
            assert notice["facts"]["now"]["city"] == "Bern"
            assert item(own, "run")["name"] == "changed#4"


def test_a_second_change_is_told_against_what_people_knew(known: System, watch: Watch) -> None:
    wake(known, change(known, watch, venue="Kleine Halle"))
    wake(known, change(known, watch, version=4, venue="Kleine Halle", city="Bern"))
    wake(known, change(known, watch, version=5, venue="Kleine Halle", city="Bern", max_per_user=1))

    differences = [(one["facts"]["was"]["venue"], one["facts"]["now"]["city"]) for one in notices_of_changes(known)]
    assert sorted(differences) == [("Große Halle", "Zürich"), ("Kleine Halle", "Bern")]


def test_a_change_that_was_taken_back_at_once_is_none(known: System, watch: Watch) -> None:
    event = show(EventChanged, event_version=3, venue="Kleine Halle")
    meet(known, event)
    wake(known, change(known, watch, version=4))

    assert wake(known, event) == "done"
    assert notices_of_changes(known) == []


def test_a_change_of_an_event_that_is_cancelled_by_then_is_not_told(known: System, watch: Watch) -> None:
    event = change(known, watch, venue="Kleine Halle")
    meet(known, show(EventCancelled, event_version=4, status="CANCELLED"))

    assert wake(known, event) == "done"
    assert notices_of_changes(known) == []


def test_a_change_waits_for_the_events_copy(system: System, watch: Watch) -> None:
    event = show(EventChanged, event_version=3, venue="Kleine Halle")
    watch.at += timedelta(seconds=3)

    assert wake(system, event) == "failed"
    meet(system, event)
    assert wake(system, event) == "failed"
    meet(system, show(EventPublished))
    assert wake(system, event) == "done"


def test_everybody_with_tickets_is_told_and_nobody_twice(known: System, watch: Watch) -> None:
    meet(known, transferred("three"), created("five", booking="another"))
    meet(known, created("six", booking="gone", user="gone"), TicketVoided(**about() | {"booking_id": "gone"}))

    wake(known, change(known, watch, venue="Kleine Halle"))
    for _ in range(2):
        assert post(known, kind="event_changed")

    assert told(known, "event_changed") == sorted([BUYER.user_id, TAKER.user_id])
    changes = [mail["To"] for mail in mails() if "has changed" in mail["Subject"]]
    assert sorted(changes) == [ADDRESS, OTHER_ADDRESS]


def test_many_are_told_in_slices_that_go_on_where_one_ended(
    known: System, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "SLICE", 10)
    many = [f"user-{at}" for at in range(60)]
    meet(known, *(created(f"t{at}", booking=f"b{at}", user=user) for at, user in enumerate(many)))
    event = change(known, watch, venue="Kleine Halle")

    wakings, before = 1, 0
    while wake(known, event) == "later":
        wakings, now = wakings + 1, len(notices_of_changes(known))
        assert before < now <= before + 10
        before = now

    assert 6 <= wakings <= 8
    assert told(known, "event_changed") == sorted([*many, BUYER.user_id])
    assert known.sent == []


@pytest.mark.parametrize("call", ["dynamodb.PutItem", "dynamodb.UpdateItem"])
def test_dying_within_a_slice_costs_nobody_their_mail(known: System, watch: Watch, call: str) -> None:
    meet(known, transferred("three"))
    event = change(known, watch, venue="Kleine Halle")
    with dying(call):
        wake(known, event)

    assert wake(known, event) == "done"

    assert told(known, "event_changed") == sorted([BUYER.user_id, TAKER.user_id])


def test_who_wants_no_mails_finds_the_change_in_the_list(known: System, watch: Watch) -> None:
    meet(known, settings())

    wake(known, change(known, watch, venue="Kleine Halle"))
    post(known)

    assert [one["status"] for one in notices_of_changes(known)] == ["KEPT"]


# -- reminders -------------------------------------------------------------------------------------


@pytest.fixture
def published(known: System) -> EventPublished:
    event: EventPublished = show(EventPublished)
    return event


def test_the_reminder_waits_for_the_day_before(known: System, watch: Watch, published: EventPublished) -> None:
    assert wake(known, published, REMINDERS) == "later"
    watch.at = STARTS - timedelta(days=1, seconds=1)
    assert wake(known, published, REMINDERS) == "later"
    assert [delay for _, _, delay in known.sent] == [1]
    assert told(known, "event_reminder") == []

    watch.at += timedelta(seconds=1)
    for _ in range(2):
        assert wake(known, published, REMINDERS) == "later"
    post(known)

    assert told(known, "event_reminder") == [BUYER.user_id]
    assert mails()[-1]["Subject"] == "Soon: Élan <b>Vital</b>"
    watch.at = STARTS
    assert wake(known, published, REMINDERS) == "done"


def test_an_event_that_moved_is_reminded_of_by_its_new_date_and_again(
    known: System, watch: Watch, published: EventPublished
) -> None:
    watch.at = STARTS - timedelta(days=1)
    meet(known, show(EventChanged, event_version=3, starts_at=STARTS + timedelta(days=7)))
    assert wake(known, published, REMINDERS) == "later"
    assert told(known, "event_reminder") == []

    watch.at += timedelta(days=7)
    wake(known, published, REMINDERS)
    meet(known, show(EventChanged, event_version=4, starts_at=STARTS + timedelta(days=30)))
    wake(known, published, REMINDERS)
    assert told(known, "event_reminder") == [BUYER.user_id]
    watch.at += timedelta(days=23)
    wake(known, published, REMINDERS)

    assert told(known, "event_reminder") == [BUYER.user_id] * 2


@pytest.mark.parametrize("status", ["CANCELLED", "ENDED"])
def test_what_does_not_take_place_is_not_reminded_of(
    known: System, watch: Watch, published: EventPublished, status: str
) -> None:
    meet(known, show(EventCancelled, event_version=3, status=status))
    watch.at = STARTS - timedelta(days=1)

    assert wake(known, published, REMINDERS) == "done"
    assert told(known, "event_reminder") == []


def test_an_event_published_less_than_a_day_ahead_is_not_reminded_of_unless_it_moves(
    system: System, watch: Watch
) -> None:
    watch.at = STARTS - timedelta(hours=23)
    soon = show(EventPublished)
    meet(system, registered(), soon, created("one"))
    assert wake(system, soon, REMINDERS) == "later"
    assert told(system, "event_reminder") == []

    meet(system, show(EventChanged, event_version=3, starts_at=STARTS + timedelta(days=2)))
    watch.at = STARTS + timedelta(days=1)
    wake(system, soon, REMINDERS)

    assert told(system, "event_reminder") == [BUYER.user_id]


def test_a_reminder_waits_for_the_events_copy(system: System) -> None:
    assert wake(system, show(EventPublished), REMINDERS) == "failed"


def test_the_copy_of_an_event_ends_the_same_in_whatever_order_its_news_arrive() -> None:
    news = (
        show(EventPublished),
        show(EventChanged, event_version=3, city="Bern", starts_at=datetime(2026, 7, 1, tzinfo=UTC)),
        show(EventCancelled, event_version=4, city="Bern", status="CANCELLED"),
    )
    ends: list[dict[str, Any]] = []
    for order in permutations(news):
        with Memory().running() as own:
            meet(own, *order, order[0])
            ends.append(item(own, "event"))

    assert all(one == ends[0] for one in ends)
    assert (ends[0]["pk"], ends[0]["city"], ends[0]["status"]) == (EVENT, "Bern", "CANCELLED")
    assert ends[0]["first"]["city"] == "Zürich"
