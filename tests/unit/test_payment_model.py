"""The states of a payment: every pair of state and trigger."""

import itertools

import pytest

from payment.core.model import LIFECYCLE, State, Trigger

# fmt: off
ALLOWED = {
    (State.PENDING,   Trigger.SUCCEED):       State.SUCCEEDED,
    (State.FAILED,    Trigger.SUCCEED):       State.SUCCEEDED,
    (State.CANCELLED, Trigger.SUCCEED):       State.SUCCEEDED,
    (State.PENDING,   Trigger.FAIL):          State.FAILED,
    (State.PENDING,   Trigger.CANCEL):        State.CANCELLED,
    (State.SUCCEEDED, Trigger.REFUND):        State.REFUNDING,
    (State.REFUNDING, Trigger.REFUND):        State.REFUNDING,
    (State.REFUNDING, Trigger.REFUND_SETTLED):    State.REFUNDING,
    (State.REFUNDING, Trigger.REFUND_FAILED_WHILE_OTHERS_PENDING):      State.REFUNDING,
    (State.REFUNDING, Trigger.PART_REFUND):   State.SUCCEEDED,
    (State.REFUNDING, Trigger.FINISH_REFUND): State.REFUNDED,
    (State.REFUNDING, Trigger.FAIL_REFUND):   State.SUCCEEDED,
    (State.SUCCEEDED, Trigger.FAIL_REFUND):   State.SUCCEEDED,
    (State.REFUNDED,  Trigger.FAIL_REFUND):   State.SUCCEEDED,
}
# fmt: on


@pytest.mark.parametrize(("state", "trigger"), list(itertools.product(State, Trigger)), ids=str)
def test_each_trigger_leaves_only_its_source_states(state: State, trigger: Trigger) -> None:
    assert LIFECYCLE.allows(state, trigger) == ((state, trigger) in ALLOWED)
    if (state, trigger) in ALLOWED:
        assert LIFECYCLE.target(trigger) == ALLOWED[state, trigger]


def test_only_received_money_can_be_refunded() -> None:
    assert LIFECYCLE.sources(Trigger.REFUND) == (State.SUCCEEDED, State.REFUNDING)
    for trigger in (Trigger.FINISH_REFUND, Trigger.PART_REFUND, Trigger.REFUND_SETTLED):
        assert LIFECYCLE.sources(trigger) == (State.REFUNDING,)


def test_received_payment_can_neither_fail_nor_be_cancelled() -> None:
    assert LIFECYCLE.sources(Trigger.FAIL) == LIFECYCLE.sources(Trigger.CANCEL) == (State.PENDING,)
