"""The table of states, tried on the real writes: what it allows happens, everything else changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from booking.core import limits, repository
from booking.core.model import LIFECYCLE, Booking, State, Trigger
from booking.core.terms import Terms
from common import outbox, store, trace
from common.bus.booking import BookingExpired
from common.outbox import entry
from common.store import ConditionFailed, Put, Update
from tests.support.one_table import TABLE, one_table
from tests.support.statements import a_booking, terms_of

PAIRS = list(product(State, Trigger))
SETTLING = (Trigger.CONFIRM, Trigger.REFUSE)
RETAKING = (Trigger.CONFIRM_LATE,)
ENDING = (Trigger.FAIL, Trigger.EXPIRE, Trigger.CANCEL)
UNDOING = (Trigger.WITHDRAW, Trigger.REVOKE, Trigger.REFUND, Trigger.CALL_OFF)
RELEASING = (*ENDING, *UNDOING)


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    with one_table(), trace.following("c1", "m1"):
        yield


def in_state(state: State) -> tuple[Booking, Terms]:
    """A booking of two places that is in the table in this state; its type has eight left."""
    booking, terms = a_booking(), terms_of(1)
    items = (booking.items[0].model_copy(update={"event_type_id": next(iter(terms.types))}),)
    booking = booking.model_copy(update={"status": state, "event_id": terms.event_id, "items": items})
    stock = {"available": 8, "capacity": 10, "on_sale": True, "terms_version": terms.version}
    item = outbox.born(repository._item(booking), actor="buyer", trigger="order")
    store.write(Put(TABLE, item))
    store.write(Put(TABLE, {"pk": next(iter(terms.types)), "sk": "stock#0"} | stock))
    store.write(Put(TABLE, limits.key(booking) | {"held": 2}))
    return booking, terms


def pull(booking: Booking, terms: Terms, trigger: Trigger) -> None:
    """The write that the trigger stands for."""
    publish = [entry(BookingExpired)]
    if trigger in SETTLING:
        repository.settle(booking, trigger, publish, payment_id="p1")
    elif trigger in RETAKING:
        repository.retake(booking, terms, publish, payment_id="p1")
    else:
        repository.release(booking, trigger, publish, actor="test")


def snapshot(booking: Booking, terms: Terms) -> list[Any]:
    shard = {"pk": next(iter(terms.types)), "sk": "stock#0"}
    return [store.get(TABLE, key) for key in (repository.key(booking.id), shard, limits.key(booking))]


def test_every_trigger_has_its_write() -> None:
    assert sorted((*SETTLING, *RETAKING, *RELEASING)) == sorted(Trigger)


@pytest.mark.parametrize(("state", "trigger"), [pair for pair in PAIRS if LIFECYCLE.allows(*pair)])
def test_what_the_table_allows_moves_counts_logs_and_publishes(state: State, trigger: Trigger) -> None:
    booking, terms = in_state(state)

    pull(booking, terms, trigger)

    stored, shard, limit = snapshot(booking, terms)
    target = LIFECYCLE.target(trigger)
    assert (stored["status"], stored["version"], stored["outbox_version"]) == (target, 2, 2)
    assert [line["did"] for line in stored["logs"]] == ["order", trigger]
    assert stored[f"{target.lower()}_at"] == stored["updated_at"]
    assert len(outbox.published(stored)) == 1
    moved = 2 if trigger in RELEASING else -2 if trigger in RETAKING else 0
    assert (shard["available"], limit["held"]) == (8 + moved, 2 - moved)


@pytest.mark.parametrize(("state", "trigger"), [pair for pair in PAIRS if not LIFECYCLE.allows(*pair)])
def test_everything_else_changes_nothing(state: State, trigger: Trigger) -> None:
    booking, terms = in_state(state)
    before = snapshot(booking, terms)

    with pytest.raises(ConditionFailed) as failure:
        pull(booking, terms, trigger)

    assert 0 in failure.value.failed
    assert snapshot(booking, terms) == before


def test_a_payment_is_answered_once_whatever_the_state_allows() -> None:
    booking, terms = in_state(State.FAILED)
    pull(booking, terms, Trigger.REFUSE)
    before = snapshot(booking, terms)

    for trigger in (Trigger.REFUSE, Trigger.CONFIRM_LATE):
        with pytest.raises(ConditionFailed):
            pull(booking, terms, trigger)

    assert snapshot(booking, terms) == before


def _any_state(update: Update) -> Update:
    return replace(update, condition="attribute_exists(#pk)")


def _counted_blindly(update: Update) -> Update:
    return replace(update, condition=None)


@pytest.mark.parametrize("weaken", [_any_state, _counted_blindly])
def test_without_its_condition_the_same_write_moves_what_it_must_not(
    weaken: Callable[[Update], Update],
) -> None:
    """The control: the condition, and nothing else, is what holds the table."""
    booking, _ = in_state(State.CANCELLED)
    update = repository._answer(booking, Trigger.CONFIRM, [], "p1")

    with pytest.raises(ConditionFailed):
        store.write(update)
    moved = store.write(weaken(update))

    assert moved["status"] == "CONFIRMED"
