"""The outbox: what a transition leaves on its item, and the bus events that are read from there."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from pydantic import ValidationError

from common import clock, ids, outbox, store, trace
from common.bus import registry
from common.bus.booking import BookingCancelled, BookingConfirmed, BookingExpired, BookingOrdered
from common.bus.events import EventPublished
from common.outbox import born, change, entry, mine, published, transition
from common.statemachine import StateMachine
from common.store import ConditionFailed, Item, Put
from tests.support.one_table import TABLE, one_table
from tests.support.refusals import losing_a_reply

START = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
KEY = {"pk": "b1", "sk": "booking"}


class State(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    CREATED = "CREATED"


class Trigger(StrEnum):
    CONFIRM = "confirm"
    CANCEL = "cancel"
    MAKE = "make"


MACHINE = StateMachine(
    {
        (State.PENDING, Trigger.CONFIRM): State.CONFIRMED,
        (State.PENDING, Trigger.CANCEL): State.CANCELLED,
        (State.CONFIRMED, Trigger.CANCEL): State.CANCELLED,
        (State.PENDING, Trigger.MAKE): State.CREATED,
    }
)


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    with one_table():
        at(0)
        yield
        clock.use()


def at(seconds: int) -> None:
    clock.use(lambda: START + timedelta(seconds=seconds))


def a_booking(**fields: Any) -> Item:
    ordered = {"id": "b1", "user_id": "u1", "event_id": "v1", "quantity": 2, "prices": 100, "currency": "EUR"}
    return KEY | ordered | {"status": "PENDING", "items": [], "pay_before": clock.iso(START)} | fields


def saved(*publish: dict[str, Any]) -> Item:
    with trace.following("c1", "r1"):
        item = born(a_booking(), actor="buyer", publish=publish)
        store.write(Put(TABLE, item))
        return item


def moved(trigger: Trigger, *publish: dict[str, Any], operation: str = "m1", **more: Any) -> Item:
    with trace.following("c1", operation):
        return store.write(transition(TABLE, KEY, MACHINE, trigger, actor="payment", publish=publish, **more))


def test_a_new_item_has_its_first_version_log_and_times() -> None:
    item = saved()

    assert item["logs"] == [{"did": "create", "by": "buyer", "at": "2026-05-01T12:00:00.000Z"}]
    assert (item["version"], item["operation"]) == (1, "r1")
    assert item["created_at"] == item["updated_at"] == "2026-05-01T12:00:00.000Z"


def test_a_new_item_that_publishes_nothing_has_no_outbox() -> None:
    assert not {"outbox", "outbox_version"} & set(saved())


def test_a_new_item_publishes_from_its_own_fields() -> None:
    with trace.following("c1", "r1"):
        item = saved(entry(BookingOrdered))

    (event,) = published(item)
    assert isinstance(event, BookingOrdered)
    assert (event.booking_id, event.user_id, event.quantity, event.pay_before) == ("b1", "u1", 2, START)
    assert (event.correlation_id, event.causation_id, event.occurred_at) == ("c1", "r1", START)


def test_only_what_the_item_does_not_hold_lies_in_the_outbox() -> None:
    with trace.following("c1", "r1"):
        assert entry(BookingCancelled, reason="buyer") == {
            "bus_event": "BookingCancelled.v1", "correlation": "c1", "cause": "r1", "reason": "buyer",
        }  # fmt: skip


def test_a_transition_moves_the_state_counts_logs_and_stamps() -> None:
    saved()
    at(60)

    item = moved(Trigger.CONFIRM, sets={"payment_id": "p1"})

    assert (item["status"], item["version"], item["operation"], item["payment_id"]) == ("CONFIRMED", 2, "m1", "p1")
    assert item["confirmed_at"] == item["updated_at"] == "2026-05-01T12:01:00.000Z"
    assert item["created_at"] == "2026-05-01T12:00:00.000Z"
    assert item["logs"][1:] == [{"did": "confirm", "by": "payment", "at": "2026-05-01T12:01:00.000Z"}]


def test_a_transition_happens_at_one_moment_however_often_the_clock_is_looked_at() -> None:
    saved()
    looks = iter(range(1, 100))
    clock.use(lambda: datetime(2026, 5, 1, 12, 1, tzinfo=UTC) + timedelta(milliseconds=next(looks)))

    item = moved(Trigger.CONFIRM)

    assert item["confirmed_at"] == item["updated_at"] == item["logs"][-1]["at"]


def test_the_state_named_created_leaves_the_birth_alone() -> None:
    saved()
    at(60)

    assert moved(Trigger.MAKE)["created_at"] == "2026-05-01T12:00:00.000Z"


def test_a_transition_from_another_state_is_refused_and_changes_nothing() -> None:
    saved()
    before = moved(Trigger.CANCEL)

    with pytest.raises(ConditionFailed) as failure:
        moved(Trigger.CONFIRM)

    assert failure.value.old == (before,)
    assert store.get(TABLE, KEY) == before


def test_a_transition_of_nothing_makes_nothing() -> None:
    with pytest.raises(ConditionFailed):
        moved(Trigger.CONFIRM)

    assert store.get(TABLE, KEY) is None


def test_a_further_condition_must_hold_too() -> None:
    saved()

    with pytest.raises(ConditionFailed):
        moved(Trigger.CONFIRM, also="#quantity > :most", values={"most": 2})

    assert moved(Trigger.CONFIRM, also="#quantity <= :most", values={"most": 2})["status"] == "CONFIRMED"


def test_attributes_can_be_removed() -> None:
    saved()

    assert "pay_before" not in moved(Trigger.CONFIRM, removes=["pay_before"])


def test_the_outbox_holds_the_latest_bus_events_only() -> None:
    saved(entry(BookingOrdered))
    moved(Trigger.CONFIRM, entry(BookingConfirmed))

    item = moved(Trigger.CANCEL, entry(BookingCancelled, reason="buyer"))

    assert [type(event) for event in published(item)] == [BookingCancelled]
    assert item["outbox_version"] == item["version"] == 3


def test_a_quiet_change_keeps_the_outbox_and_its_version() -> None:
    before = saved(entry(BookingOrdered))

    quiet = store.write(change(TABLE, KEY, trigger="note", actor="staff", sets={"note": "x"}))

    assert (quiet["version"], quiet["outbox_version"], quiet["outbox"]) == (2, 1, before["outbox"])
    assert [e.bus_event_id for e in published(quiet)] == [e.bus_event_id for e in published(before)]


def test_a_transition_may_publish_several_bus_events_in_their_order() -> None:
    saved()

    item = moved(Trigger.CANCEL, entry(BookingExpired), entry(BookingCancelled, reason="buyer"))

    events = published(item)
    assert [type(event) for event in events] == [BookingExpired, BookingCancelled]
    assert len({event.bus_event_id for event in events}) == 2


def test_an_id_is_the_uuid_5_of_item_version_and_name() -> None:
    item = saved(entry(BookingOrdered))

    (event,) = published(item)

    place = ("ticketing.booking", "b1", "booking", 1, "BookingOrdered.v1")
    assert event.bus_event_id == ids.derive(*place)
    assert uuid.UUID(event.bus_event_id).version == 5


def test_ids_repeat_for_the_same_and_differ_for_any_other_place() -> None:
    item = saved(entry(BookingOrdered))
    others = [
        item | {"pk": "b2"},
        item | {"sk": "other"},
        item | {"outbox_version": 2},
        item | {"outbox": [item["outbox"][0] | {"bus_event": "BookingExpired.v1"}]},
    ]

    found = [published(one)[0].bus_event_id for one in (item, item | {"quantity": 9}, *others)]

    assert found[0] == found[1]
    assert len(set(found)) == 5


def test_an_extra_field_of_the_entry_goes_before_the_items() -> None:
    item = saved(entry(BookingOrdered, prices=7))

    (event,) = published(item)
    assert isinstance(event, BookingOrdered)
    assert event.prices == 7


@pytest.mark.parametrize("name", ["Unknown.v1", "BookingConfirmed.v2"])
def test_an_unknown_name_is_an_error(name: str) -> None:
    with pytest.raises(KeyError):
        published(saved() | {"outbox": [{"bus_event": name}], "outbox_version": 1})


def test_an_entry_that_cannot_be_filled_is_an_error() -> None:
    item = saved(entry(BookingOrdered))
    del item["currency"]

    with pytest.raises(ValidationError):
        published(item)


def test_an_item_without_outbox_publishes_nothing() -> None:
    assert published(saved()) == []


def test_mine_is_what_this_operation_wrote() -> None:
    saved()
    after = moved(Trigger.CONFIRM, operation="m1")

    with pytest.raises(ConditionFailed) as failure:
        moved(Trigger.CONFIRM, operation="m1")

    with trace.following("c1", "m1"):
        assert mine(failure.value) == after
    with trace.following("c1", "m2"):
        assert mine(failure.value) is None


def test_nothing_found_is_not_mine() -> None:
    with trace.following("c1", "m1"):
        assert mine(ConditionFailed([0], [None])) is None
        assert mine(ConditionFailed([0], [{"pk": "x"}])) is None
        assert mine(ConditionFailed([0], []), at=3) is None


def test_mine_looks_at_the_write_that_is_named() -> None:
    other, own = {"operation": "m9"}, {"operation": "m1"}

    with trace.following("c1", "m1"):
        assert mine(ConditionFailed([0, 1], [other, own]), at=1) == own
        assert mine(ConditionFailed([0, 1], [other, own]), at=0) is None


@pytest.mark.parametrize("kind", ["UpdateItem", "TransactWriteItems"])
def test_a_transition_whose_reply_was_lost_is_recognised(kind: str) -> None:
    saved()
    move = transition(TABLE, KEY, MACHINE, Trigger.CONFIRM, actor="payment", publish=[entry(BookingConfirmed)])

    with losing_a_reply("dynamodb", kind) as sent, trace.following("c1", "none"):
        with pytest.raises(ConditionFailed) as failure:
            store.write(move) if kind == "UpdateItem" else store.transact([move])
        found = mine(failure.value)

    assert sent == [1, 2]
    assert found is not None
    assert (found["status"], found["version"], len(found["logs"])) == ("CONFIRMED", 2, 2)


def test_one_name_for_two_values_is_an_error_and_not_a_surprise() -> None:
    with pytest.raises(ValueError, match="status"):
        change(
            TABLE,
            KEY,
            trigger="x",
            actor="y",
            sets={"status": "B"},
            condition="#status = :status",
            values={"status": "A"},
        )
    with pytest.raises(ValueError, match="one"):
        change(TABLE, KEY, trigger="x", actor="y", condition="#n = :one", values={"one": 5})

    same = change(TABLE, KEY, trigger="x", actor="y", sets={"n": 2}, condition="#n < :n", values={"n": 2})
    assert same.values["n"] == 2


def test_a_trigger_that_leaves_no_state_is_an_error() -> None:
    class Other(StrEnum):
        NEVER = "never"

    with pytest.raises(KeyError):
        outbox.transition(TABLE, KEY, MACHINE, Other.NEVER, actor="x")  # type: ignore[misc] # what mypy refuses, too


def test_an_items_own_attributes_are_not_taken_for_the_entrys_words() -> None:
    """A concert has a `name`; so once had an entry of the outbox, and every mail was about `EventPublished.v1`."""
    words = {"name": "Gala", "bus_event": "x", "correlation": "y", "cause": "z"}
    type_ = {"id": "t1", "name": "Seat", "prices": 1, "currency": "EUR", "capacity": 1, "status": "ON_SALE"}
    terms = {"terms_version": 1, "organiser_id": "o1", "venue": "V", "city": "C", "zone": "UTC", "status": "PUBLISHED"}
    times = {
        "starts_at": "2031-01-01T00:00:00Z",
        "ends_at": "2031-01-02T00:00:00Z",
        "updated_at": "2030-01-01T00:00:00Z",
    }
    item = (
        {"pk": "e1", "sk": "event", "id": "e1", "max_per_user": 1, "hold_seconds": 60, "types": [type_]} | words | terms
    )
    said = {"outbox": [outbox.entry(EventPublished)], "outbox_version": 1}

    (event,) = published(item | times | said)

    assert isinstance(event, EventPublished)
    assert (event.name, event.correlation_id) == ("Gala", trace.current().correlation_id)


@pytest.mark.parametrize("name", sorted(registry()))
def test_no_bus_event_has_a_field_that_is_an_entrys_own_word(name: str) -> None:
    assert not {"bus_event", "correlation", "cause"} & set(registry()[name].model_fields)
