"""The state machine enforced by the real writes: allowed transitions happen, others change nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from booking.core import inventory, repository
from booking.core.model import LIFECYCLE, Booking, State, Trigger
from booking.core.sale_terms import Terms
from common import correlation, outbox, store
from common.bus.booking import BookingExpired
from common.outbox import event_entry
from common.store import ConditionFailed, Put, Update
from tests.support.fixtures.booking_values import a_booking, published_terms
from tests.support.system.one_table import TABLE, bookings_table

PAIRS = list(product(State, Trigger))
ANSWERING = (Trigger.CONFIRM, Trigger.REJECT_LATE_PAYMENT)
REACQUIRING = (Trigger.CONFIRM_LATE,)
ENDING = (Trigger.FAIL, Trigger.EXPIRE, Trigger.CANCEL)
CANCELLING = (Trigger.CANCEL_BY_POLICY, Trigger.REVOKE, Trigger.REFUND, Trigger.EVENT_CANCELLED)
RELEASING = (*ENDING, *CANCELLING)


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    with bookings_table(), correlation.scope("c1", "m1"):
        yield


def in_state(state: State) -> tuple[Booking, Terms]:
    """A stored booking of two places in this state; eight more are available."""
    booking, terms = a_booking(), published_terms(1)
    items = (booking.items[0].model_copy(update={"event_type_id": next(iter(terms.types))}),)
    booking = booking.model_copy(update={"status": state, "event_id": terms.event_id, "items": items})
    shard = {"available": 8, "capacity": 10, "on_sale": True, "terms_version": terms.version}
    item = outbox.new_item(repository._to_item(booking), actor="buyer", trigger="order")
    store.write(Put(TABLE, item))
    store.write(Put(TABLE, {"pk": next(iter(terms.types)), "sk": "stock#0"} | shard))
    store.write(Put(TABLE, inventory.limit_key(booking) | {"held": 2}))
    return booking, terms


def fire(booking: Booking, terms: Terms, trigger: Trigger) -> None:
    """Perform the trigger's write."""
    publish = [event_entry(BookingExpired)]
    if trigger in ANSWERING:
        repository.answer_payment(booking, trigger, publish, payment_id="p1")
    elif trigger in REACQUIRING:
        repository.reacquire_places(booking, terms, publish, payment_id="p1")
    else:
        repository.release(booking, trigger, publish, actor="test")


def snapshot(booking: Booking, terms: Terms) -> list[Any]:
    shard = {"pk": next(iter(terms.types)), "sk": "stock#0"}
    return [store.get(TABLE, key) for key in (repository.key(booking.id), shard, inventory.limit_key(booking))]


def test_every_trigger_has_its_write() -> None:
    assert sorted((*ANSWERING, *REACQUIRING, *RELEASING)) == sorted(Trigger)


@pytest.mark.parametrize(("state", "trigger"), [pair for pair in PAIRS if LIFECYCLE.allows(*pair)])
def test_allowed_transition_updates_logs_and_publishes(state: State, trigger: Trigger) -> None:
    booking, terms = in_state(state)

    fire(booking, terms, trigger)

    stored, shard, limit = snapshot(booking, terms)
    target = LIFECYCLE.target(trigger)
    assert (stored["status"], stored["version"], stored["outbox_version"]) == (target, 2, 2)
    assert [line["action"] for line in stored["logs"]] == ["order", trigger]
    assert stored[f"{target.lower()}_at"] == stored["updated_at"]
    assert len(outbox.outbox_events(stored)) == 1
    moved = 2 if trigger in RELEASING else -2 if trigger in REACQUIRING else 0
    assert (shard["available"], limit["held"]) == (8 + moved, 2 - moved)


@pytest.mark.parametrize(("state", "trigger"), [pair for pair in PAIRS if not LIFECYCLE.allows(*pair)])
def test_disallowed_transition_changes_nothing(state: State, trigger: Trigger) -> None:
    booking, terms = in_state(state)
    before = snapshot(booking, terms)

    with pytest.raises(ConditionFailed) as failure:
        fire(booking, terms, trigger)

    assert 0 in failure.value.failed_indexes
    assert snapshot(booking, terms) == before


def test_payment_is_answered_once_in_any_state() -> None:
    booking, terms = in_state(State.FAILED)
    fire(booking, terms, Trigger.REJECT_LATE_PAYMENT)
    before = snapshot(booking, terms)

    for trigger in (Trigger.REJECT_LATE_PAYMENT, Trigger.CONFIRM_LATE):
        with pytest.raises(ConditionFailed):
            fire(booking, terms, trigger)

    assert snapshot(booking, terms) == before


def _without_state_condition(update: Update) -> Update:
    return replace(update, condition="attribute_exists(#pk)")


def _without_condition(update: Update) -> Update:
    return replace(update, condition=None)


@pytest.mark.parametrize("weaken", [_without_state_condition, _without_condition])
def test_unconditional_write_breaks_the_state_machine(
    weaken: Callable[[Update], Update],
) -> None:
    """Negative control: only the condition enforces the state machine."""
    booking, _ = in_state(State.CANCELLED)
    update = repository._payment_answer(booking, Trigger.CONFIRM, [], "p1")

    with pytest.raises(ConditionFailed):
        store.write(update)
    moved = store.write(weaken(update))

    assert moved["status"] == "CONFIRMED"
