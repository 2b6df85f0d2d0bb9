"""The outbox: what a transition leaves on its item, and the bus events that are read from there."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from pydantic import ValidationError

from common import clock, correlation, ids, outbox, store
from common.bus import registry
from common.bus.booking import BookingCancelled, BookingConfirmed, BookingExpired, BookingOrdered
from common.bus.events import EventPublished
from common.outbox import event_entry, new_item, outbox_events, own_write, transition, versioned_update
from common.statemachine import StateMachine
from common.store import ConditionFailed, Item, Put
from tests.support.faults.aws_errors import lost_reply
from tests.support.system.one_table import TABLE, bookings_table

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
    with bookings_table():
        set_clock(0)
        yield
        clock.use()


def set_clock(seconds: int) -> None:
    clock.use(lambda: START + timedelta(seconds=seconds))


def a_booking(**fields: Any) -> Item:
    ordered = {"id": "b1", "user_id": "u1", "event_id": "v1", "quantity": 2, "prices": 100, "currency": "EUR"}
    return KEY | ordered | {"status": "PENDING", "items": [], "pay_before": clock.iso(START)} | fields


def store_new(*publish: dict[str, Any]) -> Item:
    with correlation.scope("c1", "r1"):
        item = new_item(a_booking(), actor="buyer", publish=publish)
        store.write(Put(TABLE, item))
        return item


def apply_trigger(trigger: Trigger, *publish: dict[str, Any], operation: str = "m1", **more: Any) -> Item:
    with correlation.scope("c1", operation):
        return store.write(transition(TABLE, KEY, MACHINE, trigger, actor="payment", publish=publish, **more))


def test_new_item_has_version_log_and_timestamps() -> None:
    item = store_new()

    assert item["logs"] == [{"action": "create", "actor": "buyer", "at": "2026-05-01T12:00:00.000Z"}]
    assert (item["version"], item["operation"]) == (1, "r1")
    assert item["created_at"] == item["updated_at"] == "2026-05-01T12:00:00.000Z"


def test_new_item_without_events_has_no_outbox() -> None:
    assert not {"outbox", "outbox_version"} & set(store_new())


def test_new_item_publishes_its_own_fields() -> None:
    with correlation.scope("c1", "r1"):
        item = store_new(event_entry(BookingOrdered))

    (event,) = outbox_events(item)
    assert isinstance(event, BookingOrdered)
    assert (event.booking_id, event.user_id, event.quantity, event.pay_before) == ("b1", "u1", 2, START)
    assert (event.correlation_id, event.causation_id, event.occurred_at) == ("c1", "r1", START)


def test_outbox_entry_holds_only_extra_fields() -> None:
    with correlation.scope("c1", "r1"):
        assert event_entry(BookingCancelled, reason="buyer") == {
            "bus_event": "BookingCancelled.v1", "correlation": "c1", "cause": "r1", "reason": "buyer",
        }  # fmt: skip


def test_transition_sets_state_version_log_and_timestamp() -> None:
    store_new()
    set_clock(60)

    item = apply_trigger(Trigger.CONFIRM, sets={"payment_id": "p1"})

    assert (item["status"], item["version"], item["operation"], item["payment_id"]) == ("CONFIRMED", 2, "m1", "p1")
    assert item["confirmed_at"] == item["updated_at"] == "2026-05-01T12:01:00.000Z"
    assert item["created_at"] == "2026-05-01T12:00:00.000Z"
    assert item["logs"][1:] == [{"action": "confirm", "actor": "payment", "at": "2026-05-01T12:01:00.000Z"}]


def test_transition_uses_one_timestamp_throughout() -> None:
    store_new()
    ticks = iter(range(1, 100))
    clock.use(lambda: datetime(2026, 5, 1, 12, 1, tzinfo=UTC) + timedelta(milliseconds=next(ticks)))

    item = apply_trigger(Trigger.CONFIRM)

    assert item["confirmed_at"] == item["updated_at"] == item["logs"][-1]["at"]


def test_state_created_does_not_overwrite_created_at() -> None:
    store_new()
    set_clock(60)

    assert apply_trigger(Trigger.MAKE)["created_at"] == "2026-05-01T12:00:00.000Z"


def test_transition_from_wrong_state_fails_without_change() -> None:
    store_new()
    before = apply_trigger(Trigger.CANCEL)

    with pytest.raises(ConditionFailed) as failure:
        apply_trigger(Trigger.CONFIRM)

    assert failure.value.old_items == (before,)
    assert store.get(TABLE, KEY) == before


def test_transition_of_missing_item_creates_nothing() -> None:
    with pytest.raises(ConditionFailed):
        apply_trigger(Trigger.CONFIRM)

    assert store.get(TABLE, KEY) is None


def test_transition_checks_extra_condition() -> None:
    store_new()

    with pytest.raises(ConditionFailed):
        apply_trigger(Trigger.CONFIRM, extra_condition="#quantity > :most", values={"most": 2})

    confirmed = apply_trigger(Trigger.CONFIRM, extra_condition="#quantity <= :most", values={"most": 2})
    assert confirmed["status"] == "CONFIRMED"


def test_transition_removes_attributes() -> None:
    store_new()

    assert "pay_before" not in apply_trigger(Trigger.CONFIRM, removes=["pay_before"])


def test_outbox_holds_only_the_latest_bus_events() -> None:
    store_new(event_entry(BookingOrdered))
    apply_trigger(Trigger.CONFIRM, event_entry(BookingConfirmed))

    item = apply_trigger(Trigger.CANCEL, event_entry(BookingCancelled, reason="buyer"))

    assert [type(event) for event in outbox_events(item)] == [BookingCancelled]
    assert item["outbox_version"] == item["version"] == 3


def test_update_without_events_keeps_outbox_version() -> None:
    before = store_new(event_entry(BookingOrdered))

    updated = store.write(versioned_update(TABLE, KEY, trigger="note", actor="staff", sets={"note": "x"}))

    assert (updated["version"], updated["outbox_version"], updated["outbox"]) == (2, 1, before["outbox"])
    assert [e.bus_event_id for e in outbox_events(updated)] == [e.bus_event_id for e in outbox_events(before)]


def test_transition_publishes_several_bus_events_in_order() -> None:
    store_new()

    item = apply_trigger(Trigger.CANCEL, event_entry(BookingExpired), event_entry(BookingCancelled, reason="buyer"))

    events = outbox_events(item)
    assert [type(event) for event in events] == [BookingExpired, BookingCancelled]
    assert len({event.bus_event_id for event in events}) == 2


def test_bus_event_id_is_uuid5_of_item_version_name() -> None:
    item = store_new(event_entry(BookingOrdered))

    (event,) = outbox_events(item)

    parts = ("ticketing.booking", "b1", "booking", 1, "BookingOrdered.v1")
    assert event.bus_event_id == ids.derive(*parts)
    assert uuid.UUID(event.bus_event_id).version == 5


def test_bus_event_ids_are_deterministic_and_distinct() -> None:
    item = store_new(event_entry(BookingOrdered))
    others = [
        item | {"pk": "b2"},
        item | {"sk": "other"},
        item | {"outbox_version": 2},
        item | {"outbox": [item["outbox"][0] | {"bus_event": "BookingExpired.v1"}]},
    ]

    event_ids = [outbox_events(one)[0].bus_event_id for one in (item, item | {"quantity": 9}, *others)]

    assert event_ids[0] == event_ids[1]
    assert len(set(event_ids)) == 5


def test_entry_field_overrides_item_attribute() -> None:
    item = store_new(event_entry(BookingOrdered, prices=7))

    (event,) = outbox_events(item)
    assert isinstance(event, BookingOrdered)
    assert event.prices == 7


@pytest.mark.parametrize("name", ["Unknown.v1", "BookingConfirmed.v2"])
def test_unknown_event_name_raises(name: str) -> None:
    with pytest.raises(KeyError):
        outbox_events(store_new() | {"outbox": [{"bus_event": name}], "outbox_version": 1})


def test_entry_with_missing_field_raises() -> None:
    item = store_new(event_entry(BookingOrdered))
    del item["currency"]

    with pytest.raises(ValidationError):
        outbox_events(item)


def test_item_without_outbox_has_no_events() -> None:
    assert outbox_events(store_new()) == []


def test_own_write_returns_item_of_same_operation() -> None:
    store_new()
    after = apply_trigger(Trigger.CONFIRM, operation="m1")

    with pytest.raises(ConditionFailed) as failure:
        apply_trigger(Trigger.CONFIRM, operation="m1")

    with correlation.scope("c1", "m1"):
        assert own_write(failure.value) == after
    with correlation.scope("c1", "m2"):
        assert own_write(failure.value) is None


def test_own_write_is_none_without_old_item() -> None:
    with correlation.scope("c1", "m1"):
        assert own_write(ConditionFailed([0], [None])) is None
        assert own_write(ConditionFailed([0], [{"pk": "x"}])) is None
        assert own_write(ConditionFailed([0], []), index=3) is None


def test_own_write_checks_the_given_index() -> None:
    other, own = {"operation": "m9"}, {"operation": "m1"}

    with correlation.scope("c1", "m1"):
        assert own_write(ConditionFailed([0, 1], [other, own]), index=1) == own
        assert own_write(ConditionFailed([0, 1], [other, own]), index=0) is None


@pytest.mark.parametrize("kind", ["UpdateItem", "TransactWriteItems"])
def test_transition_with_lost_reply_is_own_write(kind: str) -> None:
    store_new()
    update = transition(TABLE, KEY, MACHINE, Trigger.CONFIRM, actor="payment", publish=[event_entry(BookingConfirmed)])

    with lost_reply("dynamodb", kind) as attempts, correlation.scope("c1", "none"):
        with pytest.raises(ConditionFailed) as failure:
            store.write(update) if kind == "UpdateItem" else store.transact([update])
        item = own_write(failure.value)

    assert attempts == [1, 2]
    assert item is not None
    assert (item["status"], item["version"], len(item["logs"])) == ("CONFIRMED", 2, 2)


def test_conflicting_expression_values_raise() -> None:
    with pytest.raises(ValueError, match="status"):
        versioned_update(
            TABLE,
            KEY,
            trigger="x",
            actor="y",
            sets={"status": "B"},
            condition="#status = :status",
            values={"status": "A"},
        )
    with pytest.raises(ValueError, match="one"):
        versioned_update(TABLE, KEY, trigger="x", actor="y", condition="#n = :one", values={"one": 5})

    same = versioned_update(TABLE, KEY, trigger="x", actor="y", sets={"n": 2}, condition="#n < :n", values={"n": 2})
    assert same.values["n"] == 2


def test_trigger_without_source_state_raises() -> None:
    class Other(StrEnum):
        NEVER = "never"

    with pytest.raises(KeyError):
        outbox.transition(TABLE, KEY, MACHINE, Other.NEVER, actor="x")  # type: ignore[misc] # what mypy refuses, too


def test_item_attributes_never_replace_entry_metadata() -> None:
    """A concert has a `name`; so once had an entry of the outbox, and every mail was about `EventPublished.v1`."""
    clashing = {"name": "Gala", "bus_event": "x", "correlation": "y", "cause": "z"}
    type_ = {"id": "t1", "name": "Seat", "prices": 1, "currency": "EUR", "capacity": 1, "status": "ON_SALE"}
    terms = {"terms_version": 1, "organiser_id": "o1", "venue": "V", "city": "C", "zone": "UTC", "status": "PUBLISHED"}
    times = {
        "starts_at": "2031-01-01T00:00:00Z",
        "ends_at": "2031-01-02T00:00:00Z",
        "updated_at": "2030-01-01T00:00:00Z",
    }
    item = (
        {"pk": "e1", "sk": "event", "id": "e1", "max_per_user": 1, "hold_seconds": 60, "types": [type_]}
        | clashing
        | terms
    )
    outbox_attributes = {"outbox": [outbox.event_entry(EventPublished)], "outbox_version": 1}

    (event,) = outbox_events(item | times | outbox_attributes)

    assert isinstance(event, EventPublished)
    assert (event.name, event.correlation_id) == ("Gala", correlation.current().correlation_id)


@pytest.mark.parametrize("name", sorted(registry()))
def test_no_bus_event_field_collides_with_entry_metadata(name: str) -> None:
    assert not {"bus_event", "correlation", "cause"} & set(registry()[name].model_fields)
